import type { ControlEvent } from '@banyan/control/api'

/** What somebody has done to a node on purpose, and has not taken back. */
export type FaultOn = 'paused' | 'partitioned'

export type FaultsOn = ReadonlyMap<string, readonly FaultOn[]>

/**
 * The faults that are on after an event. A paused node that is seen to start or to be well runs again, whoever
 * saw to it; a partition lasts until it is healed, since a process that is started anew is cut off as well.
 */
export function faultsAfter(faults: FaultsOn, event: ControlEvent): FaultsOn {
  if (event.type === 'fault') {
    if (event.fault === 'paused') return put(faults, event.node, 'paused')
    if (event.fault === 'partitioned') return put(faults, event.node, 'partitioned')
    return drop(faults, event.node, event.fault === 'healed' ? 'partitioned' : 'paused')
  }
  if (event.type === 'node' && (event.health === 'healthy' || event.health === 'starting'))
    return drop(faults, event.node, 'paused')
  return faults
}

function put(faults: FaultsOn, node: string, fault: FaultOn): FaultsOn {
  const on = faults.get(node) ?? []
  return on.includes(fault) ? faults : new Map(faults).set(node, [...on, fault])
}

function drop(faults: FaultsOn, node: string, fault: FaultOn): FaultsOn {
  const on = faults.get(node)
  if (on === undefined || !on.includes(fault)) return faults
  const left = on.filter((one) => one !== fault)
  const after = new Map(faults)
  if (left.length === 0) after.delete(node)
  else after.set(node, left)
  return after
}
