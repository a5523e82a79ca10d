import { minus, sum } from '@banyan/model'
import { type Watched, warmUpMs } from './decide.ts'
import type { Tape } from './tape.ts'

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
    elapsedMs,
  }
}
