import type { NodeStatus } from '../../api/types.ts'
import type { Flow } from '../types.ts'

type Edge = Flow['edges'][number]

/** A second of traffic through these nodes, other than the one before. */
export function madeUpFlow(nodes: readonly NodeStatus[], random: () => number, at: number): Flow {
  const whole = (most: number): number => Math.round(random() * most)
  const loads = nodes.map(({ name }) => [
    name,
    {
      cpu: random(),
      memoryBytes: 50_000_000 + whole(100_000_000),
      requestsPerS: whole(1_000),
      errorsPerS: 0,
      p99Ms: whole(100),
    },
  ])
  const edges = edgesOf(nodes).map((edge) => ({
    ...edge,
    perS: whole(edge.kind === 'replication' ? 1_000_000 : 500),
    errorsPerS: 0,
    p50Ms: edge.kind === 'replication' ? null : whole(20),
    p99Ms: edge.kind === 'replication' ? null : whole(100),
  }))
  return { at, nodes: Object.fromEntries(loads), edges }
}

function edgesOf(nodes: readonly NodeStatus[]): Pick<Edge, 'from' | 'to' | 'kind'>[] {
  const named = (fits: (node: NodeStatus) => boolean) => nodes.filter(fits).map(({ name }) => name)
  const entries = named(({ tier }) => tier === 'entry')
  const webs = named(({ tier }) => tier === 'web')
  const replicas = named(({ role }) => role === 'replica')
  const [primary = 'db-1'] = named(({ role }) => role === 'primary')
  const kinds = { requests: 'requests', queries: 'queries', replication: 'replication' } as const
  return [
    ...entries.map((to) => ({ from: 'client', to, kind: kinds.requests })),
    ...webs.map((to, at) => ({
      from: entries[at % Math.max(1, entries.length)] ?? 'client',
      to,
      kind: kinds.requests,
    })),
    ...webs.map((from) => ({ from, to: primary, kind: kinds.queries })),
    ...replicas.map((to) => ({ from: primary, to, kind: kinds.replication })),
  ]
}
