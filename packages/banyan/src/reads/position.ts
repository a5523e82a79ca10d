import type { Lsn } from '@banyan/postgres'

/**
 * How far a server is: the term that it has (of a replica: has replayed), and a position in it. Of a
 * primary the position is what is on its disk, of a replica what a read there sees.
 */
export type Position = {
  readonly inRecovery: boolean
  /** Of `banyan.term`; the timeline where somebody else promotes. */
  readonly term: number
  readonly lsn: Lsn
}

/** What a read must see: everything up to a position of a term. */
export type Mark = { readonly term: number; readonly lsn: Lsn }

/**
 * Whether what lies behind a mark is what a server shows that was at `seen`.
 *
 * Positions are compared within one term only. A mark of an earlier term needs no comparison where the
 * term is a row that was replayed: that row lies behind everything of the earlier term which the failover
 * kept, so who has it has all of that. What it did not keep no server shows. A timeline is no row
 * (`termIsRow` false): a server may follow one and have replayed little of what was before it; but up to the
 * switch the numbers are the same for both, and so the position decides.
 *
 * A mark of a later term than the server's is never there: it is superseded, or has not heard yet.
 */
export function hasReached(seen: Mark, mark: Mark, termIsRow: boolean): boolean {
  if (seen.term < mark.term) return false
  if (seen.term > mark.term && termIsRow) return true
  return seen.lsn >= mark.lsn
}

/** The later of two marks, a later term before a greater position. */
export function laterMark(a: Mark, b: Mark): Mark {
  if (a.term !== b.term) return a.term > b.term ? a : b
  return a.lsn >= b.lsn ? a : b
}
