import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { BanyanError } from '@banyan/model'

/** Finds the processes of a node that live now. */
export type Find = () => Promise<readonly number[]>

const roundsMax = 20

/**
 * SIGSTOP for all of them. Asked again until nobody of them runs: one that was found a moment ago may
 * have started another since.
 */
export async function freeze(find: Find): Promise<void> {
  for (let round = 0; round < roundsMax; round += 1) {
    const running = (await find()).filter((pid) => !isStopped(pid))
    if (running.length === 0) return
    for (const pid of running) send(pid, 'SIGSTOP')
  }
  throw new BanyanError(
    'BANYAN_CONTROL_FAILED',
    'The node starts processes faster than they can be paused.',
    { hint: 'Try again, or look at what it starts: "banyan logs".' },
  )
}

/** SIGCONT for those that stand still. */
export async function thaw(find: Find): Promise<void> {
  for (const pid of await find()) if (isStopped(pid)) send(pid, 'SIGCONT')
}

/** Whether a process stands still because of SIGSTOP; not one that a debugger holds. */
export function isStopped(pid: number): boolean {
  const state = process.platform === 'linux' ? fromProc(pid) : fromPs(pid)
  return state === 'T'
}

/** The state stands behind the name, which is in brackets and may itself hold one. */
function fromProc(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text[text.lastIndexOf(')') + 2] ?? null
  } catch {
    return null
  }
}

function fromPs(pid: number): string | null {
  try {
    const options = ['-o', 'stat=', '-p', String(pid)]
    return execFileSync('ps', options, { encoding: 'utf8' }).trim().charAt(0)
  } catch {
    return null
  }
}

export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
