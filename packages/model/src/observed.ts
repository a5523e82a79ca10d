import { obstaclesToHosts } from './database-node.ts'
import type { Ground } from './ground.ts'
import { hostAt } from './place-node.ts'
import type { Node, ObserverName, Topology } from './topology.ts'

/**
 * The last host of a ground, behind those of web processes and of as many databases as there may be: what
 * watches the others is on none of theirs, so that it is neither measured by their load nor gone with them.
 */
const hostIndex = 11

/** Prometheus, which reads what every process measures of itself, and Alertmanager, which it tells what is wrong. */
export const applyObserved = (topology: Topology, ground: Ground): Topology => {
  const host = hostAt(ground, hostIndex)
  const nodes = observers.map((engine) => observerNode(engine, host.name, ground))
  return {
    ...topology,
    hosts: [...topology.hosts, host],
    nodes: [...topology.nodes, ...nodes],
  }
}

/** Why a system cannot be observed on this ground. */
export const obstaclesToObserved = (ground: Ground): readonly string[] => [
  ...(ground.system.telemetry?.enabled === false
    ? ['Nothing is measured here (`telemetry.enabled` is false), so that there is nothing to read.']
    : []),
  ...(ground.unmeasured === true ? [unmeasured] : []),
  ...obstaclesToHosts(ground, hostIndex + 1),
]

const unmeasured =
  'Nothing is measured in this run, which was started with BANYAN_TELEMETRY=off, so that there is nothing to read: start it without.'

/** Who is told comes before who tells. */
const observers: readonly ObserverName[] = ['alertmanager', 'prometheus']

const observerNode = (engine: ObserverName, host: string, { machine, ports }: Ground): Node => ({
  name: `${engine}-1`,
  tier: 'telemetry',
  engine,
  host,
  port: ports[`${engine}-1`] ?? 0,
  size: machine,
})
