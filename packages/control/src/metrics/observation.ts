import type { NodeStatus } from '../api/types.ts'
import type { PostgresSample } from '../engines/postgres/metrics.ts'
import type { BalancerSample } from './balancers.ts'
import type { HostSample } from './host.ts'
import type { Usage } from './node-usage.ts'
import type { TallySample } from './tally.ts'

/** Everything that control says of a moment. Who gave no answer is not in it, rather than as it was before. */
export type Observation = {
  readonly nodes: readonly NodeStatus[]
  readonly usage: readonly (Usage & { readonly node: string })[]
  readonly tally: TallySample
  readonly host: HostSample
  readonly postgres: readonly (PostgresSample & { readonly node: string })[]
  readonly balancers: readonly BalancerSample[]
}
