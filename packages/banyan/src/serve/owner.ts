import { runStopHooks } from '../lifecycle.ts'
import { closeLog, flushLog, rootLogger } from '../log.ts'
import { after } from './after.ts'

/** What can be stopped with the process: one server of {@link serve}. */
export type Stoppable = { stop(): Promise<void> }

const owned = new Set<Stoppable>()
const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const
type Signal = keyof typeof signalNumbers

/** How long the last lines may take to be written. */
const logTimeoutMs = 500

let installed = false
let stopping = false
let hooksTimeoutMs = 0

/**
 * Takes over what ends this process: SIGTERM and SIGINT stop every server in order and exit with 0,
 * a second one exits at once; an error that nobody caught is logged and exits with 1, because the
 * state of the process is unknown then, and whoever supervises it starts a fresh one.
 */
export function own(stoppable: Stoppable, timeoutMs: number): void {
  owned.add(stoppable)
  hooksTimeoutMs = Math.max(hooksTimeoutMs, timeoutMs)
  if (installed) return
  installed = true
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => onSignal(signal))
  process.on('uncaughtException', (error) => die(error, 'uncaught exception'))
  process.on('unhandledRejection', (reason) => die(reason, 'unhandled rejection'))
}

/** A server that was stopped by the app itself is none of ours any more. */
export function disown(stoppable: Stoppable): void {
  owned.delete(stoppable)
}

function onSignal(signal: Signal): void {
  if (stopping) {
    endNow(128 + signalNumbers[signal], () => {
      rootLogger().warn({ signal }, 'second signal, the process ends at once')
    })
  }
  stopping = true
  rootLogger().info({ signal }, 'stopping')
  void stopEverything().then(process.exit)
}

async function stopEverything(): Promise<number> {
  const results = await Promise.allSettled([...owned].map((one) => one.stop()))
  const failures = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  const deadline = after(hooksTimeoutMs)
  const outcome = await Promise.race([runStopHooks(), deadline.promise])
  deadline.cancel()
  if (outcome === 'late') failures.push(new Error('Stop hooks did not end in time.'))
  else failures.push(...outcome)
  for (const error of failures) rootLogger().error({ err: error }, 'stop failed')
  rootLogger().info('stopped')
  await closeLog(logTimeoutMs)
  return failures.length === 0 ? 0 : 1
}

function die(error: unknown, message: 'uncaught exception' | 'unhandled rejection'): void {
  endNow(1, () => rootLogger().fatal({ err: error }, message))
}

/** Ends the process whatever becomes of its last words: the log may be closed already. */
function endNow(code: number, lastWords: () => void): void {
  try {
    lastWords()
    flushLog()
  } finally {
    process.exit(code)
  }
}
