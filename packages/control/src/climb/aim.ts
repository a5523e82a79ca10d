import type { BalancerName } from '@banyan/model'

/** Where a climb leads, or comes from. */
export type Aim = {
  readonly rungs: readonly string[]
  readonly release: string
  /** What stands at the entry, where something has to. */
  readonly balancer: BalancerName
}
