import type { NodeStatus, ShardStatus } from '@banyan/control/api'

/** How far a replica is behind, and whether commits wait for it; nothing for any other node. */
export function sayLag({ lagBytes, confirms }: Pick<NodeStatus, 'lagBytes' | 'confirms'>): string {
  if (lagBytes === undefined) return '–'
  const lag = lagBytes === null ? 'not known' : sayBytes(lagBytes)
  return confirms === true ? `${lag}, confirms` : lag
}

/** Who takes writes, what a commit waits for, and what is done about it now, as control says it; and the term. */
export function sayShard({
  primary,
  term,
  sentence,
}: Pick<ShardStatus, 'primary' | 'term' | 'sentence'>): string {
  if (primary === null) return `nobody takes writes. ${sentence}`
  const who = sentence.startsWith(`${primary} takes writes`) ? '' : `${primary} takes writes. `
  return `${who}${sentence} Term ${term}.`
}

function sayBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`
}
