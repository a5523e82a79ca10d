import type { NodeStatus, ShardStatus } from '@banyan/control/api'

/** How far a replica is behind, and whether commits wait for it; nothing for any other node. */
export function sayLag({ lagBytes, confirms }: Pick<NodeStatus, 'lagBytes' | 'confirms'>): string {
  if (lagBytes === undefined) return '–'
  const lag = lagBytes === null ? 'not known' : sayBytes(lagBytes)
  return confirms === true ? `${lag}, confirms` : lag
}

/** Who takes writes, what a commit waits for, and what is done about it now. */
export function sayShard({
  primary,
  term,
  confirming,
  quorum,
  sentence,
}: Pick<ShardStatus, 'primary' | 'term' | 'confirming' | 'quorum' | 'sentence'>): string {
  const who = primary === null ? 'nobody takes writes' : `${primary} takes writes, term ${term}`
  const waits = confirming.length === 0 ? '' : `; ${sayQuorum(confirming, quorum)} every commit too`
  return `${who}${waits}. ${sentence}`
}

function sayQuorum(names: readonly string[], quorum: number): string {
  if (names.length > quorum)
    return `${quorum} of ${names.join(', ')} ${quorum === 1 ? 'has' : 'have'}`
  return `${names.join(' and ')} ${names.length === 1 ? 'has' : 'have'}`
}

function sayBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`
}
