import type { ClimbReport, ControlEvent } from '@banyan/control/api'

type ClimbEnd = ClimbReport['from']

/** Where a climb leads, as it is said. */
export const sayEnd = (end: ClimbEnd): string =>
  typeof end === 'string' ? end : end.length === 0 ? 'nothing' : end.join(', ')

export type EndedClimb = {
  readonly at: number
  readonly report: ClimbReport
  readonly sentence: string
}

/** The climbs that have ended, as far as they are known, newest first. */
export const endedClimbs = (events: readonly ControlEvent[]): readonly EndedClimb[] =>
  events
    .flatMap((event) =>
      event.type === 'climb' && event.report !== null
        ? [{ at: Date.parse(event.at), report: event.report, sentence: event.sentence }]
        : [],
    )
    .toReversed()

/** Since when a rung holds, where that is known: the end of the climb that added it and that nothing took back. */
export function heldSince(rung: string, climbs: readonly EndedClimb[]): number | null {
  const last = climbs.find(({ report: { from, to, outcome } }) => {
    if (outcome !== 'done' || typeof from === 'string' || typeof to === 'string') return false
    return from.includes(rung) !== to.includes(rung)
  })
  return last?.report.to.includes(rung) ? last.at : null
}

/** What a climb did, short: `grow`, and what was gained or given up by it. */
export function titleOf({ direction, from, to }: ClimbReport): string {
  if (typeof from === 'string' || typeof to === 'string')
    return direction === 'undo' ? `Back to ${sayEnd(to)}` : `Release ${sayEnd(to)}`
  const gained = to.filter((rung) => !from.includes(rung))
  const lost = from.filter((rung) => !to.includes(rung))
  if (direction === 'shrink') return `Shrink: ${lost.join(', ')}`
  return gained.length === 0 ? 'Grow' : `Grow to ${gained.join(', ')}`
}

export const outcomeWords: Readonly<Record<ClimbReport['outcome'], string>> = {
  done: 'done',
  undone: 'went back',
  failed: 'failed',
}
