import type { Topology } from '@banyan/model'

/**
 * The node that a person means: its name, `primary` for the database server that takes writes, or
 * the name of a tier, service or engine that has one node only: `web`, `gateway`.
 */
export function findNodeName({ nodes }: Topology, name: string): string | null {
  if (nodes.some((node) => node.name === name)) return name
  if (name === 'primary') return nodes.find(({ tier }) => tier === 'data')?.name ?? null
  const alike = nodes.filter(
    (node) => node.service === name || node.tier === name || node.engine === name,
  )
  return alike.length === 1 ? (alike[0]?.name ?? null) : null
}
