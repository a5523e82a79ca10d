import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  contracting,
  countFilled,
  expanding,
  releaseFiles,
  seedNotes,
  triggersOf,
} from './support/big-migration.ts'
import { proveDuring } from './support/climbs.ts'
import {
  assertDone,
  assertFlawless,
  type ReleaseSystem,
  startReleaseSystem,
} from './support/releases.ts'

/** `npm run bench -- migration` does the same with a million rows, and compares p99. */
const rows = Number(process.env.BANYAN_MIGRATION_ROWS ?? 12_000)

let released: ReleaseSystem

before(async () => {
  released = await startReleaseSystem({ rungs: 'balanced' })
  await seedNotes(released, rows)
})
after(async () => await released?.remove())

test('a big table gets a column, an index and its values, and loses the old column, and nobody notices', async (context) => {
  const proof = await proveDuring(released.system, ['--rate', '80'], async () => {
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

const withUnique = (config: string) =>
  config.replace("notes: { by: 'user_id' }", "notes: { by: 'user_id', unique: ['body'] }")

test('a unique value of a big table is refused while the app writes, and taken in while it is down', async () => {
  const { app, refused, system, list } = released
  const before = await triggersOf(released, 'notes')
  await app.write('banyan.config.ts', withUnique(await app.take('banyan.config.ts')))
  const { message } = await refused('release')
  assert.match(message, /up --release/)
  assert.equal((await system.start('down').ended).code, 0)
  const up = await system.start('up', '--release', '--detach').ended
  assert.equal(up.code, 0, `${up.stdout}${up.stderr}`)
  assert.equal((await list()).live, 'r4')
  assert.ok((await triggersOf(released, 'notes')).length > before.length)
})

test('what a release no longer declares goes with it, and is no reason to stop the app for the way back', async () => {
  const { app, release, refused } = released
  const declared = await triggersOf(released, 'notes')
  const config = await app.take('banyan.config.ts')
  const without = config.replace(", unique: ['body']", '')
  await app.write('banyan.config.ts', without)
  assertDone(await release())
  const fewer = await triggersOf(released, 'notes')
  assert.ok(fewer.length < declared.length, fewer.join())
  const { code, message } = await refused('undo')
  assert.equal(code, 'BANYAN_CLIMB_REFUSED')
  assert.match(message, /unique \[body\] is new/)
})

test('what a release declared that never came live is gone with it', async () => {
  const { app, release } = released
  const before = await triggersOf(released, 'entries')
  const config = await app.take('banyan.config.ts')
  const unique = config.replace(
    "entries: { by: 'user_id' }",
    "entries: { by: 'user_id', unique: ['id'] }",
  )
  await app.write('banyan.config.ts', unique)
  await app.become({ start: 'crashes' })
  const { outcome, steps } = await release()
  assert.equal(outcome, 'undone')
  assert.ok(steps.some(({ kind }) => kind === 'apply-migrations'))
  assert.deepEqual(await triggersOf(released, 'entries'), before)
})
