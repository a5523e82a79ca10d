import { client, type LayoutNode, type TierName } from './layout-types.ts'

/** From those who ask to what is kept. Tiers of one entry stand one below the other. */
export const columns: readonly (readonly TierName[])[] = [
  ['client'],
  ['entry'],
  ['web', 'worker'],
  ['cache', 'queue'],
  ['data'],
]

export const tierTitles: Readonly<Record<TierName, string>> = {
  client: 'Clients',
  entry: 'Entry',
  web: 'Web',
  worker: 'Workers',
  cache: 'Cache',
  queue: 'Queue',
  data: 'Data',
  telemetry: 'Telemetry',
}

/** The nodes of every tier in the order in which they are drawn: the primary first, then by name and number. */
export function byTier(nodes: readonly LayoutNode[]): ReadonlyMap<TierName, readonly LayoutNode[]> {
  const tiers = new Map<TierName, LayoutNode[]>([
    ['client', [{ name: client, tier: 'client', role: 'client' }]],
  ])
  for (const node of nodes) tiers.set(node.tier, [...(tiers.get(node.tier) ?? []), node])
  for (const [tier, found] of tiers) tiers.set(tier, found.toSorted(isBefore))
  return tiers
}

const names = new Intl.Collator('en', { numeric: true })

const rankOf = ({ role }: LayoutNode): number => (role === 'primary' ? 0 : 1)

const isBefore = (one: LayoutNode, other: LayoutNode): number =>
  rankOf(one) - rankOf(other) || names.compare(one.name, other.name)
