import { blockMs } from './metric-file.ts'
import type { Piece } from './samples.ts'

/** How far apart samples are that are kept for a day. */
export const coarseStepMs = 10_000

/**
 * Of every ten seconds the last sample of each series, as if the target had been read less often. Rates and
 * percentiles of a longer time stay exact by it, since counters have counted on; of gauges it is a choice.
 */
export function rollUp(pieces: readonly Piece[], number: number): Piece | null {
  const from = number * blockMs.coarse
  const times: number[] = []
  const rows = new Map<number, number[]>()
  const steps = new Map<number, number>()
  for (const piece of pieces) {
    for (let at = 0; at < piece.times.length; at += 1) {
      const time = piece.times[at] as number
      if (time < from || time >= from + blockMs.coarse) continue
      const bucket = Math.floor(time / coarseStepMs)
      const step = steps.get(bucket) ?? steps.size
      steps.set(bucket, step)
      times[step] = time
      takeAt(rows, piece, at, step)
    }
  }
  if (times.length === 0) return null
  return { times, rows: new Map([...rows].map(([id, row]) => [id, full(row, times.length)])) }
}

function takeAt(rows: Map<number, number[]>, piece: Piece, at: number, step: number): void {
  for (const [id, values] of piece.rows) {
    let row = rows.get(id)
    if (row === undefined) {
      row = []
      rows.set(id, row)
    }
    row[step] = values[at] as number
  }
}

const full = (row: readonly number[], length: number): number[] =>
  Array.from({ length }, (_, at) => row[at] ?? Number.NaN)
