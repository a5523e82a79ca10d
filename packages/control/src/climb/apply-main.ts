import { once } from 'node:events'
import { Client } from 'pg'
import { reportOf } from '../api/report.ts'
import { applyMigrations, readMigrations } from '../migrations/apply.ts'
import type { MigrationJob, MigrationWord } from './apply-in-process.ts'

/* The process that migrates: one job from its parent, then its end. Without a parent it cancels. */

const cancelling = new AbortController()
process.once('disconnect', () => cancelling.abort())
const [job] = (await once(process, 'message')) as [MigrationJob]

try {
  tell({ kind: 'done', keyType: await apply(job) })
} catch (error) {
  tell({ kind: 'failed', error: reportOf(error) })
}

async function apply({ folder, tables, narrow, ...place }: MigrationJob) {
  const owner = new Client({ ...place, application_name: 'banyan migrations' })
  // Without a listener, a server that dies while nothing is asked would end this process.
  owner.on('error', () => {})
  const migrations = folder === null ? [] : await readMigrations(folder)
  await owner.connect()
  try {
    const { keyType } = await applyMigrations({
      owner,
      migrations,
      tables,
      narrow,
      // An app without migrations of ours makes its tables itself, once it runs.
      missing: folder === null ? 'tolerated' : 'refused',
      signal: cancelling.signal,
      onProgress: (words) => tell({ kind: 'progress', words }),
    })
    return keyType
  } finally {
    await owner.end()
  }
}

function tell(word: MigrationWord): void {
  if (process.connected) process.send?.(word)
}
