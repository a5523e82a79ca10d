import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lsn } from '@banyan/postgres'
import { readControlFile } from '../control-file.ts'
import { proveDirectoryDead } from '../dead.ts'
import { dataDirectoryOf } from '../placement.ts'
import { isAlive, processesIn } from '../processes.ts'
import { type AdminOptions, asAdmin } from './admin.ts'
import { postmasterOf } from './reload.ts'

export type StopForHeirOptions = AdminOptions & {
  readonly nodeDirectory: string
  /** The member that takes over: everything is sent to it. */
  readonly heir: string
  /** The processes that send to it, where they are known: to ask for them takes a new session. */
  readonly senders?: readonly number[]
  /**
   * Whether the heir has replayed the record of the shutdown: with that the stop is as good as over, and what
   * is left of the server is ended. Default: nobody knows, and it ends by itself.
   */
  readonly hasAll?: (record: Lsn) => Promise<boolean>
  /** How long it may take before it is ended harder. Default five seconds. */
  readonly timeoutMs?: number
}

const askMs = 1_000
const never = async (): Promise<boolean> => false
const lookMs = 3
/** Looking at all processes takes a few milliseconds of a processor. */
const sendersMs = 25

/**
 * Stops a primary in order, so that its heir lacks nothing, and gives where the record of its shutdown
 * begins: who has replayed beyond it has everything. Null when there is none, as it had to be ended harder.
 * A server waits at its stop until everybody who receives from it has everything, for as long as one of
 * them is frozen: so whoever sends to others than the heir is ended, again and again, as they come back.
 * Call CHECKPOINT before.
 *
 * @example
 * const lsn = await stopForHeir({ nodeDirectory, place, adminPassword, heir: 'db-3' })
 */
export async function stopForHeir(options: StopForHeirOptions): Promise<Lsn | null> {
  const { nodeDirectory, timeoutMs = 5_000, hasAll = never } = options
  const dataDirectory = await dataDirectoryOf(nodeDirectory)
  const postmaster = await postmasterOf(nodeDirectory)
  const heirs = options.senders ?? (await sendersTo(options).catch(() => []))
  const deadline = performance.now() + timeoutMs
  signal(postmaster, 'SIGINT')
  for (let nextMs = performance.now() + sendersMs; isAlive(postmaster); await sleep(lookMs)) {
    const now = performance.now()
    if (now > deadline) break
    const record = await shutdownRecord(dataDirectory)
    if (record !== null && (await hasAll(record))) break
    if (now < nextMs) continue
    for (const pid of await otherSenders(dataDirectory, heirs)) signal(pid, 'SIGTERM')
    nextMs = performance.now() + sendersMs
  }
  // Whoever is left has nothing more to say, or has not stopped in time: then there is no record.
  await proveDirectoryDead(dataDirectory)
  return await shutdownRecord(dataDirectory)
}

/** The processes that send to the heir. */
async function sendersTo({ heir, ...admin }: StopForHeirOptions): Promise<number[]> {
  return await asAdmin(admin, askMs, async (client) => {
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_replication where application_name = $1 and state = 'streaming'`,
      [heir],
    )
    return rows.map(({ pid }) => pid)
  })
}

async function otherSenders(dataDirectory: string, heirs: readonly number[]): Promise<number[]> {
  const others = (await processesIn(dataDirectory)).filter((pid) => !heirs.includes(pid))
  const titles = await Promise.all(others.map(titleOf))
  return others.filter((_, at) => /(^|: )walsender /.test(titles[at] ?? ''))
}

/** PostgreSQL shows in its title what a process does. */
async function titleOf(pid: number): Promise<string> {
  return await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Where the last record of a cluster begins that was shut down as a primary: that of a checkpoint. */
async function shutdownRecord(dataDirectory: string): Promise<Lsn | null> {
  const control = await readControlFile(dataDirectory)
  return control?.state === 'shut down' ? control.checkpointLsn : null
}
