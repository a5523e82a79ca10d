import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  contracting,
  countFilled,
  expanding,
  releaseFiles,
  seedNotes,
} from './support/big-migration.ts'
import { proveDuring } from './support/climbs.ts'
import { assertFlawless, type ReleaseSystem, startReleaseSystem } from './support/releases.ts'

/** `npm run bench -- migration` does the same with a million rows, and compares p99. */
const rows = Number(process.env.BANYAN_MIGRATION_ROWS ?? 30_000)

let released: ReleaseSystem

before(async () => {
  released = await startReleaseSystem({ rungs: 'balanced' })
  await seedNotes(released, rows)
})
after(async () => await released?.remove())

test('a big table gets a column, an index and its values, and loses the old column, and nobody notices', async (context) => {
  const proof = await proveDuring(released.system, ['--rate', '150'], async () => {
    await releaseFiles(released, expanding(1_000), { release: 'second' })
    await releaseFiles(released, contracting, { release: 'third', notes: 'body' })
  })
  context.diagnostic(JSON.stringify({ sent: proof.sent, p99Ms: proof.p99Ms }))
  assertFlawless(proof)
  assert.equal(await countFilled(released), rows)
})

test('what the app would feel is refused before anything runs, and names the safe way', async () => {
  const { app, refused } = released
  await app.write('migrations/0006_index.sql', 'create index on notes (body, user_id)')
  const { code, message } = await refused('release')
  assert.equal(code, 'BANYAN_RELEASE_REFUSED', message)
  assert.match(message, /0006_index\.sql:1:1: it builds an index on "notes".*CONCURRENTLY/s)
  await app.delete('migrations/0006_index.sql')
})

test('after a contract migration there is no way back', async () => {
  const { message } = await released.refused('undo')
  assert.match(message, /0005_contract\.sql/)
})
