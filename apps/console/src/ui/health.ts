import type { NodeStatus } from '@banyan/control/api'
import type { FaultOn } from '../live/faults-on.ts'

/** How a node is shown: its health, or what somebody has done to it. Each has a shape, a word and a colour. */
export type ShownState = NodeStatus['health'] | FaultOn

/** A fault that is on explains what health says, so it is what is shown. */
export function shownState(
  health: NodeStatus['health'],
  faults: readonly FaultOn[] | undefined,
): ShownState {
  if (faults?.includes('partitioned')) return 'partitioned'
  if (faults?.includes('paused')) return 'paused'
  return health
}
