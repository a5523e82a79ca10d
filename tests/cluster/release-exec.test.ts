import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { makeApp, migratedFiles, type TestApp } from './support/banyan.ts'

/* Tests of code that is not released yet, beside the release that runs. */

let app: TestApp
before(async () => {
  app = await makeApp(migratedFiles)
  const { code, stdout, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(code, 0, stdout + stderr)
})
after(async () => await app?.remove())

test('exec --fresh migrates with the migrations that lie here, not with those of the live release', async () => {
  await app.write('migrations/0099_later.sql', 'create table later (id bigint primary key);\n')
  await app.write('sql.mjs', asking)
  const words = ['exec', '--fresh', '--', 'node', 'sql.mjs', `select to_regclass('later') as found`]
  const fresh = await app.banyan(...words)
  assert.equal(fresh.stdout, '[{"found":"later"}]\n', fresh.stderr)
  const live = await app.banyan(...words.map((word) => (word === '--fresh' ? '--wide' : word)))
  assert.equal(live.stdout, '[{"found":null}]\n', live.stderr)
})

test('up says what was taken away from a live release by a command that ran between', async () => {
  await app.banyan('down')
  await app.write(
    'migrations/0100_gone.sql',
    '-- banyan: contract\nalter table notes drop column body;\n',
  )
  await app.write('sql.mjs', asking)
  const { code, stderr } = await app.banyan('exec', '--', 'node', 'sql.mjs', 'select 1')
  assert.equal(code, 0, stderr)
  const up = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.match(up.stdout + up.stderr, /0100_gone.* took away what r1 may need.*up --release/s)
})

const asking = `import pg from ${JSON.stringify(import.meta.resolve('pg'))}
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
const { rows } = await client.query(process.argv[2])
console.log(JSON.stringify(rows))
await client.end()
`
