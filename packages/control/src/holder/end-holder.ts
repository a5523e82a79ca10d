import { untilEnded } from '../sites/identity.ts'
import { takeLock } from '../state/lock.ts'
import type { StatePaths } from '../state/paths.ts'
import { findHolder } from './holder-file.ts'
import { sendSignal } from './send-signal.ts'

/** What a holder needs to end itself when no control runs that it would have to wait for. */
const goodbyeMs = 2_000
/** A control that it has just started stops everything first, which takes its time. */
const longestMs = 60_000

/**
 * Ends the holder of a system, and the control that it keeps, if one has just come back; returns when
 * neither runs. One that does not answer (it is frozen) is killed: it holds nothing that is lost with
 * it. That is done under control's lock, so that nobody starts another meanwhile.
 */
export async function endHolder(paths: StatePaths): Promise<void> {
  const deadline = performance.now() + longestMs
  while (performance.now() < deadline) {
    const holder = findHolder(paths)
    if (holder === null) return
    sendSignal(holder.pid, 'SIGTERM')
    if (await untilEnded(holder, goodbyeMs)) return
    const lock = takeLock(paths.lock)
    // A control runs, and the holder waits for its end.
    if (lock === null) continue
    try {
      sendSignal(holder.pid, 'SIGKILL')
      await untilEnded(holder, goodbyeMs)
    } finally {
      lock.release()
    }
  }
}

/** Returns when the holder of a control that has ended is gone as well. */
export async function untilHolderEnded(paths: StatePaths): Promise<void> {
  const holder = findHolder(paths)
  if (holder === null || (await untilEnded(holder, goodbyeMs))) return
  await endHolder(paths)
}
