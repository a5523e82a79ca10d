/** After so many exits in a row without a healthy time in between, a node is in a crash loop. */
export const quickExitsOfLoop = 3

/** A node that was ready for so long has recovered: its next exit counts as the first. */
const recoveredAfterMs = 10_000

/** One that was ready for so long did not exit at once: it is started again no later than before. */
const livedMs = 500

const firstPauseMs = 100
const longestPauseMs = 5_000

/** How long to wait before the next start: not at all the first time, then 100 ms, doubling to 5 s. */
export function pauseBeforeStartMs(quickExits: number): number {
  if (quickExits <= 1) return 0
  return Math.min(longestPauseMs, firstPauseMs * 2 ** (quickExits - 2))
}

/** A process that somebody killed has no fault that a long pause would help. */
const longestPauseAfterSignalMs = 250

/** The same for a process of ours that has ended by a signal: somebody may wait for it. */
export function pauseAfterSignalMs(quickExits: number): number {
  return Math.min(longestPauseAfterSignalMs, pauseBeforeStartMs(quickExits))
}

/** The time of a start that only somebody's asking brings about. */
export const neverMs = Number.POSITIVE_INFINITY

/** Whether a node ended before it was of any use. */
export function isCrash(exit: { readonly code: number | null } | null, readyForMs: number | null) {
  // A signal is somebody's doing, not a fault of the program.
  return exit !== null && exit.code !== null && (readyForMs === null || readyForMs < livedMs)
}

/** The count after one more exit. */
export function countExit(quickExits: number, readyForMs: number | null): number {
  if (readyForMs === null || readyForMs < livedMs) return quickExits + 1
  return readyForMs < recoveredAfterMs ? Math.max(1, quickExits) : 1
}
