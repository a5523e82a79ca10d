import type { Topology } from '@banyan/model'

/**
 * The node that a person means: its name, `primary` for the database server that takes writes,
 * `replica` for the only other one, or the name of a tier, service or engine that has one node only:
 * `web`, `gateway`. `primary` is who takes writes now; null means that there is nobody.
 */
export function findNodeName(
  { nodes }: Topology,
  name: string,
  primary: string | null = nodes.find(({ tier }) => tier === 'data')?.name ?? null,
): string | null {
  if (nodes.some((node) => node.name === name)) return name
  if (name === 'primary') return primary
  const isReplica = (node: { readonly tier: string; readonly name: string }) =>
    node.tier === 'data' && primary !== null && node.name !== primary
  const alike = nodes.filter(
    (node) =>
      node.service === name ||
      node.tier === name ||
      node.engine === name ||
      (name === 'replica' && isReplica(node)),
  )
  return alike.length === 1 ? (alike[0]?.name ?? null) : null
}
