/** One record of a fake WAL; its position is its index, and two are the same only if they are the same object. */
export type Entry = {
  readonly kind: 'write' | 'term' | 'switch' | 'shutdown'
  readonly id: number
  readonly term: number
}

/** A timeline, and where it begins. */
export type Line = { readonly line: number; readonly begin: number }

/** What is on the disk of a server. */
export type Copy = {
  /** False in the middle of being made. */
  whole: boolean
  /** It was last a replica: started as a primary it would go on writing a timeline that is not its own. */
  standby: boolean
  entries: Entry[]
  lines: Line[]
}

export const emptyCopy = (): Copy => ({
  whole: true,
  standby: false,
  entries: [],
  lines: [{ line: 1, begin: 0 }],
})

export const lineOf = (copy: Copy): number => copy.lines.at(-1)?.line ?? 1

export function termOf(entries: readonly Entry[], end: number): number {
  for (let index = end - 1; index >= 0; index--) {
    const entry = entries[index]
    if (entry?.kind === 'term') return entry.term
  }
  return 1
}

/**
 * Whether a server lets another follow, by what PostgreSQL compares: the number of the timeline and the
 * position. The bytes are not compared; two histories that have the same numbers are taken for one.
 */
export function mayFollow(
  follower: Copy,
  leader: Copy,
  leaderEnd: number,
): 'yes' | 'ahead' | 'forked' {
  const line = lineOf(follower)
  const at = leader.lines.findIndex((one) => one.line === line)
  if (at < 0) return 'forked'
  const next = leader.lines[at + 1]
  const position = follower.entries.length
  if (next !== undefined) return position <= next.begin ? 'yes' : 'forked'
  return position <= leaderEnd ? 'yes' : 'ahead'
}

export function isPrefix(short: readonly Entry[], long: readonly Entry[]): boolean {
  return short.length <= long.length && short.every((entry, index) => entry === long[index])
}
