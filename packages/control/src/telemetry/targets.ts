import { isBalancer, joinPlace, type MetricsTarget, type Node, type Topology } from '@banyan/model'

/** Everything that `targets.json` follows from. */
export type TargetFacts = {
  readonly topology: Topology
  /** Whether `serve` was seen to answer in the process of a node; another program has no metrics of ours. */
  readonly isServe: (node: string) => boolean
  /** `host:port` of the console, where control says its own; null while nobody listens there. */
  readonly control: string | null
  readonly store: string | null
}

/**
 * Where metrics are to be read, in Prometheus' file service discovery. Samples of control name other nodes in
 * their label `node`: where a sample has a label that its target has too, that of the sample holds
 * (`honor_labels`).
 */
export function targetsOf(facts: TargetFacts): MetricsTarget[] {
  const { topology, control, store } = facts
  const host = topology.hosts.find(({ site }) => site === 'local')?.name ?? 'local'
  const beside = (node: string, place: string | null): MetricsTarget[] =>
    place === null ? [] : [target(place, { node, tier: 'telemetry', engine: node, host })]
  return [
    ...topology.nodes
      .filter((node) => isMeasured(facts, node))
      .map((node) => ofNode(topology, node)),
    ...beside('control', control),
    ...beside('store', store),
  ]
}

/** HAProxy has no metrics of ours; control asks it and says them. */
function isMeasured({ isServe }: TargetFacts, node: Node): boolean {
  if (node.port === 0) return false
  if (isBalancer(node)) return node.engine === 'gateway'
  return node.engine === 'process' && isServe(node.name)
}

function ofNode({ hosts }: Topology, node: Node): MetricsTarget {
  const { name, tier, engine, service, host } = node
  const address = hosts.find((one) => one.name === host)?.address ?? '127.0.0.1'
  const labels = { node: name, tier, engine, ...(service !== undefined && { service }), host }
  return target(joinPlace(address, node.port), labels)
}

const target = (place: string, labels: Readonly<Record<string, string>>): MetricsTarget => ({
  targets: [place],
  labels,
})
