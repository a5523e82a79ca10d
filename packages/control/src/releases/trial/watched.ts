import { minus, sum } from '@banyan/model'
import { type Watched, warmUpMs } from './decide.ts'
import type { Answered, Moment } from './moments.ts'
import type { Mark, Tape } from './tape.ts'

/** Shorter ones would part what the two releases went through together, as they are not asked at once. */
const momentMsMin = 1_000

/** A look takes longer on a busy machine, but no more than this counts of it. */
const gapMsMax = 1_000

/** Time in which nobody looked is none of the trial's: control was held up, and so was the app, it may be. */
export const elapsedBy = (elapsedMs: number, gapMs: number): number =>
  elapsedMs + Math.min(gapMs, gapMsMax)

/** What two tapes tell, the warm-up left out. What waits counts as slow in either half. */
export function watchedOn(old: Tape, next: Tape, elapsedMs: number): Watched {
  const answered = next.since(warmUpMs)
  const recent = next.since(next.middleSince(warmUpMs))
  const { waiting } = next
  return {
    old: sum([old.since(warmUpMs), old.waiting]),
    before: old.before,
    next: sum([answered, waiting]),
    halves: [minus(answered, recent), recent].map((half) => sum([half, waiting])),
    ...momentsOn(old, next),
    elapsedMs,
  }
}

type Both = { readonly old: Mark; readonly next: Mark }

/**
 * What both answered from one look to another, at which both were heard: what the one tells late would be
 * compared with what the other one answered at another time.
 */
function momentsOn(old: Tape, next: Tape): Pick<Watched, 'moments' | 'heardMs'> {
  const moments: Moment[] = []
  const heard = old.marks.flatMap((mark, at): Both[] => {
    const beside = next.marks[at]
    const isHeard = mark.isHeard && beside?.isHeard === true && mark.atMs >= warmUpMs
    return isHeard ? [{ old: mark, next: beside }] : []
  })
  const last = heard.at(-1)
  let from = heard[0]
  for (const to of heard) {
    if (from === undefined || (to !== last && to.old.atMs - from.old.atMs < momentMsMin)) continue
    moments.push({ old: between(from.old, to.old), next: between(from.next, to.next) })
    from = to
  }
  const firstMs = heard[0]?.old.atMs ?? 0
  return { moments, heardMs: last === undefined ? 0 : last.old.atMs - firstMs }
}

const between = (from: Mark, to: Mark): Answered => ({
  sent: to.counts.sent - from.counts.sent,
  failed: to.counts.failed - from.counts.failed,
})
