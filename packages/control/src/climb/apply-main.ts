import { once } from 'node:events'
import { Client } from 'pg'
import { reportOf } from '../api/report.ts'
import { applyMigrations, readMigrations } from '../migrations/apply.ts'
import { preflight } from '../migrations/preflight.ts'
import type { MigrationDone, MigrationJob, MigrationWord } from './apply-in-process.ts'

/* The process that migrates: one job from its parent, then its end. Without a parent it cancels. */

const cancelling = new AbortController()
process.once('disconnect', () => cancelling.abort())
const [job] = (await once(process, 'message')) as [MigrationJob]

try {
  tell(await withOwner(job, job.only === 'preflight' ? look : apply))
} catch (error) {
  tell({ kind: 'failed', error: reportOf(error) })
}

async function look(owner: Client, job: MigrationJob): Promise<MigrationDone> {
  return { kind: 'done', keyType: null, preflight: await preflight({ ...job, owner }) }
}

async function apply(owner: Client, job: MigrationJob): Promise<MigrationDone> {
  const { host, port, database, watcher, folder, tables, alongside, phase, serving, narrow } = job
  const { keyType, contracts } = await applyMigrations({
    owner,
    migrations: folder === null ? [] : await readMigrations(folder),
    tables,
    alongside,
    phase,
    serving,
    narrow,
    // An app without migrations of ours makes its tables itself, once it runs.
    missing: folder === null ? 'tolerated' : 'refused',
    watcher: { host, port, database, ...watcher },
    signal: cancelling.signal,
    onProgress: (words) => tell({ kind: 'progress', words }),
  })
  return { kind: 'done', keyType, contracts }
}

async function withOwner(
  job: MigrationJob,
  work: (owner: Client, job: MigrationJob) => Promise<MigrationDone>,
): Promise<MigrationDone> {
  const { host, port, user, password, database } = job
  const place = { host, port, user, password, database }
  const owner = new Client({ ...place, application_name: 'banyan migrations' })
  // Without a listener, a server that dies while nothing is asked would end this process.
  owner.on('error', () => {})
  await owner.connect()
  try {
    return await work(owner, job)
  } finally {
    await owner.end()
  }
}

function tell(word: MigrationWord): void {
  if (process.connected) process.send?.(word)
}
