/**
 * What a prover asks of `/-/prove`, and `serve` does: docs/reference/prove-protocol.md. It stands here
 * because the two sides know nothing else of each other.
 */
export type ProofRequest =
  | {
      readonly kind: 'transaction'
      readonly isolation: ProofIsolation
      readonly operations: readonly ProofStep[]
    }
  | { readonly kind: 'write'; readonly key: string; readonly value: number }
  | { readonly kind: 'read'; readonly key: string }
  | { readonly kind: 'add'; readonly key: string; readonly value: number }
  | { readonly kind: 'elements'; readonly key: string }
  | {
      readonly kind: 'transfer'
      readonly from: string
      readonly to: string
      readonly amount: number
    }
  | { readonly kind: 'balances'; readonly keys: readonly string[] }
  | { readonly kind: 'open'; readonly keys: readonly string[]; readonly balance: number }
  | { readonly kind: 'clear'; readonly prefix: string }

/** One step of a transaction over lists. */
export type ProofStep =
  | { readonly append: readonly [key: string, value: number] }
  | { readonly read: string }

export type ProofIsolation = 'read committed' | 'repeatable read' | 'serializable'
