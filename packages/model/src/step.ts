import type { Host, Node } from './topology.ts'

/** One thing that control does, as plain data. A node comes with the host that it is placed on. */
export type Step =
  | { readonly kind: 'create-data-node'; readonly node: Node; readonly host: Host }
  | { readonly kind: 'adopt-data-node'; readonly node: Node; readonly host: Host }
  | {
      readonly kind: 'create-replica'
      readonly node: Node
      readonly host: Host
      /** The primary that it is a copy of. */
      readonly from: string
    }
  | { readonly kind: 'make-synchronous'; readonly node: string }
  | { readonly kind: 'make-asynchronous'; readonly node: string }
  | { readonly kind: 'switch-over'; readonly from: string; readonly to: string }
  | { readonly kind: 'retire-replica'; readonly node: string }
  | { readonly kind: 'create-node'; readonly node: Node; readonly host: Host }
  | { readonly kind: 'change-host'; readonly host: Host }
  | { readonly kind: 'change-node'; readonly node: Node; readonly host: Host }
  | {
      readonly kind: 'start-node'
      readonly node: string
      readonly release: string | null
      /** The data nodes that it cannot do without. */
      readonly needs: readonly string[]
      /** Somebody else runs it: it is watched, not started. */
      readonly adopted?: true
    }
  | { readonly kind: 'build-release'; readonly release: string }
  | {
      readonly kind: 'apply-migrations'
      readonly release: string
      readonly needs: readonly string[]
      /** Nothing older has to live with it: contract migrations are applied too. Absent: those wait. */
      readonly whole?: true
    }
  | {
      readonly kind: 'inspect-data'
      readonly release: string
      readonly needs: readonly string[]
    }
  | { readonly kind: 'stop-node'; readonly node: string; readonly adopted?: true }
  | {
      readonly kind: 'admit-node'
      readonly node: string
      /** The part of its service's requests that it gets at first, in percent. Absent: as many as others. */
      readonly share?: number
    }
  | { readonly kind: 'drain-node'; readonly node: string }
  | { readonly kind: 'remove-node'; readonly node: string }
  | { readonly kind: 'destroy-data-node'; readonly node: string }
  | { readonly kind: 'release-data-node'; readonly node: string }
  | {
      readonly kind: 'try-release'
      readonly release: string
      /** The nodes of the release that are watched; those of other releases run beside them. */
      readonly nodes: readonly string[]
    }
  | { readonly kind: 'record-release'; readonly release: string }
  | {
      readonly kind: 'contract-migrations'
      readonly release: string
      readonly needs: readonly string[]
    }
  | { readonly kind: 'record-rungs'; readonly rungs: readonly string[] }

export type StepKind = Step['kind']

export type StepOf<Kind extends StepKind> = Extract<Step, { kind: Kind }>

/** The node that a step is about, when it is about one. */
export const nodeOf = (step: Step): string | null => {
  if (step.kind === 'switch-over') return step.to
  if (!('node' in step)) return null
  return typeof step.node === 'string' ? step.node : step.node.name
}
