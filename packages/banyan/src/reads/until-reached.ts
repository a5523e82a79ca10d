import { lateAfter } from '../late-after.ts'
import type { Mark } from './position.ts'
import type { ReplayTracker } from './replay-tracker.ts'

/** Once one replica is there, so much longer the others are waited for: to share the reads of a batch. */
const othersMs = 1

/** What waiting needs of a tracker. */
export type Reaching = Pick<ReplayTracker, 'hasReached' | 'until' | 'missed'>

/**
 * Waits until one of the replicas has replayed a mark, for a bounded time, and says whether one has. Calls
 * back once. Those that have not are remembered as behind.
 */
export function untilReached(
  trackers: readonly Reaching[],
  mark: Mark,
  timeoutMs: number,
  done: (reached: boolean) => void,
): void {
  let missing = trackers.length
  let isOver = false
  const finish = (reached: boolean): void => {
    if (isOver) return
    isOver = true
    endWait()
    for (const stop of stops) stop()
    done(reached)
  }
  let endWait = lateAfter(timeoutMs, () => {
    for (const tracker of trackers) tracker.missed(mark)
    finish(false)
  })
  const reached = (): void => {
    missing -= 1
    endWait()
    if (missing === 0) finish(true)
    else endWait = lateAfter(othersMs, () => finish(true))
  }
  const stops = trackers.map((tracker) => tracker.until(mark, reached))
}
