import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import { dataDirectoryOf } from './placement.ts'
import { processesIn } from './processes.ts'

const patienceMs = 10_000

/**
 * Returns once nobody of an old server is left, ending whoever is. The death of the postmaster is
 * not that: its orphans go on answering, and acknowledge writes, for as long as their client keeps
 * them busy. Dead means that no PostgreSQL process has its working directory in the data directory.
 *
 * @example
 * await proveDead('/srv/notes/.banyan/nodes/postgres-1')
 */
export async function proveDead(nodeDirectory: string): Promise<void> {
  await proveDirectoryDead(await dataDirectoryOf(nodeDirectory))
}

/**
 * Asks twice: while the first list was read, a postmaster that was in it may have brought up a child
 * that was not, and died. Its death shows in the first answer, the child in the second.
 */
export async function proveDirectoryDead(dataDirectory: string): Promise<void> {
  const deadline = performance.now() + patienceMs
  let quietScans = 0
  while (quietScans < 2) {
    const stragglers = await processesIn(dataDirectory)
    for (const pid of stragglers) endAtOnce(pid)
    quietScans = stragglers.length === 0 ? quietScans + 1 : 0
    if (stragglers.length > 0) await sleep(1)
    if (performance.now() > deadline) throw cannotEnd(dataDirectory, stragglers)
  }
}

function endAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
    throw new BanyanError(
      'BANYAN_POSTGRES_STOP_FAILED',
      `The PostgreSQL process ${pid} of an earlier run belongs to another user and cannot be ended.`,
      { hint: `End it as its owner: kill -9 ${pid}`, cause: error, details: { pids: [pid] } },
    )
  }
}

function cannotEnd(dataDirectory: string, pids: readonly number[]): BanyanError {
  return new BanyanError(
    'BANYAN_POSTGRES_STOP_FAILED',
    `PostgreSQL processes of ${dataDirectory} survive SIGKILL for ${patienceMs / 1000} s: ${pids.join(', ')}.`,
    {
      hint: 'They usually wait for a disk that does not answer ("D" in ps): see to the disk, then try again.',
      details: { dataDirectory, pids },
    },
  )
}
