import type { Family } from './series.ts'

/** Samples of a family as they lie on the disk or in memory; rows by the id of the series. */
export type Piece = {
  readonly times: ArrayLike<number>
  readonly rows: ReadonlyMap<number, ArrayLike<number>>
}

/** All samples of a family in a span of time, put side by side. NaN: the series was not there. */
export type FamilySamples = {
  readonly family: Family
  readonly times: Float64Array
  readonly rows: ReadonlyMap<number, Float64Array>
  /** Up to here they are of every ten seconds. */
  readonly coarseUntil: number
}

/** Puts pieces, the oldest first, into rows of equal length. What overlaps is taken from the newer piece. */
export function joinPieces(
  family: Family,
  pieces: readonly Piece[],
  coarseUntil: number,
): FamilySamples {
  const cuts = pieces.map((piece, index) => cutAt(piece, pieces[index + 1]?.times[0]))
  const length = cuts.reduce((sum, count) => sum + count, 0)
  const times = new Float64Array(length)
  const rows = new Map<number, Float64Array>()
  let at = 0
  for (const [index, piece] of pieces.entries()) {
    const count = cuts[index] as number
    for (let step = 0; step < count; step += 1) times[at + step] = piece.times[step] as number
    for (const [id, values] of piece.rows) {
      const row = rows.get(id) ?? new Float64Array(length).fill(Number.NaN)
      for (let step = 0; step < count; step += 1) row[at + step] = values[step] as number
      rows.set(id, row)
    }
    at += count
  }
  return { family, times, rows, coarseUntil }
}

function cutAt({ times }: Piece, before: number | undefined): number {
  let count = times.length
  while (before !== undefined && count > 0 && (times[count - 1] as number) >= before) count -= 1
  return count
}

/** The samples of a family that are in memory, in a span of time. */
export function inMemory(family: Family, from: number, to: number): Piece {
  const { times } = family.target
  let first = 0
  while (first < times.length && (times[first] as number) < from) first += 1
  let last = times.length
  while (last > first && (times[last - 1] as number) > to) last -= 1
  const rows = new Map<number, number[]>()
  for (const series of family.series.values()) {
    if (series.values.length > 0) rows.set(series.id, series.values.slice(first, last))
  }
  return { times: times.slice(first, last), rows }
}
