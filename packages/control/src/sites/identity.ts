import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Names a process for good: its number alone is given to somebody else after its end. */
export type ProcessIdentity = {
  readonly pid: number
  /** When it was started, in the words of this machine; equal only for the same process. */
  readonly startTime: string
}

/** The identity of a process that runs now, or null where none does; a zombie does not run. */
export function identify(pid: number): ProcessIdentity | null {
  const startTime = process.platform === 'linux' ? fromProc(pid) : fromPs(pid)
  return startTime === null ? null : { pid, startTime }
}

/** Whether this very process still runs. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime
}

/** Returns when the process has ended; false when it still runs after `timeoutMs`. */
export async function untilEnded(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (isSameProcess(identity)) {
    if (performance.now() > deadline) return false
    await sleep(10)
  }
  return true
}

/** Ticks since boot tell two processes of one boot apart; the boot's own id tells boots apart. */
function fromProc(pid: number): string | null {
  const text = readOrNull(`/proc/${pid}/stat`)
  if (text === null) return null
  // The second field is the program's name in brackets, which may itself hold blanks and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  if (state === 'Z' || state === 'X') return null
  return `${bootId()}:${fields[19]}`
}

let knownBootId: string | undefined

function bootId(): string {
  knownBootId ??= (readOrNull('/proc/sys/kernel/random/boot_id') ?? 'boot').trim()
  return knownBootId
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function fromPs(pid: number): string | null {
  try {
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    return text === '' || text.startsWith('Z') ? null : text.replace(/^\S+\s+/, '')
  } catch {
    return null
  }
}
