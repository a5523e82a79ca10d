import type { Host, Node } from './topology.ts'

/** One thing that control does, as plain data. A node comes with the host that it is placed on. */
export type Step =
  | { readonly kind: 'create-data-node'; readonly node: Node; readonly host: Host }
  | { readonly kind: 'adopt-data-node'; readonly node: Node; readonly host: Host }
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
  | {
      readonly kind: 'apply-migrations'
      readonly release: string
      readonly needs: readonly string[]
    }
  | {
      readonly kind: 'inspect-data'
      readonly release: string
      readonly needs: readonly string[]
    }
  | { readonly kind: 'stop-node'; readonly node: string; readonly adopted?: true }
  | { readonly kind: 'admit-node'; readonly node: string }
  | { readonly kind: 'drain-node'; readonly node: string }
  | { readonly kind: 'remove-node'; readonly node: string }
  | { readonly kind: 'destroy-data-node'; readonly node: string }
  | { readonly kind: 'release-data-node'; readonly node: string }
  | { readonly kind: 'record-rungs'; readonly rungs: readonly string[] }

export type StepKind = Step['kind']

export type StepOf<Kind extends StepKind> = Extract<Step, { kind: Kind }>

/** The node that a step is about, when it is about one. */
export const nodeOf = (step: Step): string | null => {
  if (!('node' in step)) return null
  return typeof step.node === 'string' ? step.node : step.node.name
}
