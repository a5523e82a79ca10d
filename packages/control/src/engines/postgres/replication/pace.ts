import { setTimeout as sleep } from 'node:timers/promises'

/** Below this a copy is over before anybody could feel it. */
const unlimitedBytes = 1_000_000_000
const defaultBytesPerSecond = 200_000_000
const longestSentenceMs = 2_000

export type PaceOptions = {
  readonly totalBytes: number
  readonly bytesPerSecondMax: number | undefined
  readonly signal: AbortSignal
  /** Called at most every two seconds, with what is done. */
  readonly onProgress: (doneBytes: number) => void
}

/**
 * Keeps a copy below a rate, and tells how far it is. Small ones go as fast as the disk; larger ones leave
 * room for the work of the server that is copied.
 */
export function paceOf(options: PaceOptions): (bytes: number) => Promise<void> {
  const { totalBytes, signal, onProgress } = options
  const limit =
    options.bytesPerSecondMax ??
    (totalBytes < unlimitedBytes ? Number.POSITIVE_INFINITY : defaultBytesPerSecond)
  const begun = performance.now()
  let done = 0
  let said = begun
  return async (bytes) => {
    signal.throwIfAborted()
    done += bytes
    const now = performance.now()
    if (now - said > longestSentenceMs) {
      said = now
      onProgress(done)
    }
    const aheadMs = (done / limit) * 1_000 - (now - begun)
    if (aheadMs > 5) await sleep(aheadMs, undefined, { signal })
  }
}
