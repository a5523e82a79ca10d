import { setTimeout as sleep } from 'node:timers/promises'
import { thaw } from '../../sites/freeze.ts'
import { proveDirectoryDead } from './dead.ts'
import { findServer } from './find-server.ts'
import { dataDirectoryOf } from './placement.ts'
import { isAlive, processesIn } from './processes.ts'

export type StopMode = 'smart' | 'fast' | 'immediate'

export type StopOptions = {
  readonly nodeDirectory: string
  /** `smart` waits for the clients, `fast` ends their sessions, `immediate` leaves recovery to the next start. */
  readonly mode: StopMode
  /** How long it may take before the next harder mode is used. */
  readonly timeoutMs: number
}

const signals = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const
const harder = { smart: 'fast', fast: 'immediate', immediate: null } as const
const immediateMs = 5_000

/**
 * Stops the server of a node, also one that another process started, and returns when nobody of it
 * is left. A mode that takes longer than `timeoutMs` gives way to the next harder one.
 *
 * @example
 * await stopServer({ nodeDirectory, mode: 'fast', timeoutMs: 10_000 })
 */
export async function stopServer({ nodeDirectory, mode, timeoutMs }: StopOptions): Promise<void> {
  const server = await findServer(nodeDirectory)
  const dataDirectory = await dataDirectoryOf(nodeDirectory)
  // Who stands still would not hear that it is to stop.
  await thaw(() => processesIn(dataDirectory))
  if (server !== null) await stopPostmaster(server.pid, mode, timeoutMs)
  await proveDirectoryDead(dataDirectory)
}

/** The same for a postmaster that is known to be ours, wherever its data is by now. */
export async function stopPostmaster(
  pid: number,
  mode: StopMode,
  timeoutMs: number,
): Promise<void> {
  send(pid, signals[mode])
  if (await hasEndedWithin(pid, timeoutMs)) return
  const next = harder[mode]
  if (next !== null) await stopPostmaster(pid, next, next === 'immediate' ? immediateMs : timeoutMs)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function hasEndedWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false
    await sleep(5)
  }
  return true
}
