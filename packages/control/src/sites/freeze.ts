import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'

/** Finds the processes of a node that live now. */
export type Find = () => Promise<readonly number[]>

const roundsMax = 50
const settleMs = 200

/**
 * SIGSTOP for all of them. Asked again until nobody new is found: one that was found a moment ago may
 * have started another since.
 */
export async function freeze(find: Find): Promise<void> {
  const told = new Set<number>()
  for (let round = 0; round < roundsMax; round += 1) {
    const others = (await find()).filter((pid) => !told.has(pid))
    if (others.length === 0) return await settle([...told])
    for (const pid of others) send(pid, 'SIGSTOP')
    for (const pid of others) told.add(pid)
  }
  throw new BanyanError(
    'BANYAN_CONTROL_FAILED',
    'The node starts processes faster than they can be paused.',
    { hint: 'Try again, or look at what it starts: "banyan logs".' },
  )
}

/** SIGCONT for those that stand still, or are about to. */
export async function thaw(find: Find): Promise<void> {
  for (const pid of await find()) if (isHalted(stateOf(pid))) send(pid, 'SIGCONT')
}

/** One that waits in the kernel stops as soon as it comes out, which may need another to go on first. */
async function settle(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + settleMs
  while (pids.some((pid) => !isHalted(stateOf(pid))) && performance.now() < deadline) await sleep(1)
}

/** `T`: stopped. `D`: in the kernel, as a parent is whose child was stopped before it ran its program. */
const isHalted = (state: string | null) => state === null || state === 'T' || state === 'D'

/** Whether a process stands still because of SIGSTOP; not one that a debugger holds. */
export function isStopped(pid: number): boolean {
  return stateOf(pid) === 'T'
}

function stateOf(pid: number): string | null {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid)
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
