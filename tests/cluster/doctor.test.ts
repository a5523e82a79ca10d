import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Diagnosis } from '@banyan/control/api'
import { fingerprintOf, startForeign } from './support/adopted.ts'
import { type Finished, makeApp, migratedFiles, type TestApp } from './support/banyan.ts'

const repository = new URL('../../', import.meta.url).pathname

async function appWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<TestApp> {
  const app = await makeApp(files)
  t.after(() => app.remove())
  return app
}

async function diagnose(app: TestApp, ...words: string[]) {
  const finished = await app.banyan('doctor', '--json', ...words)
  return { ...finished, diagnosis: JSON.parse(finished.stdout) as Diagnosis }
}

/** Every file of a folder with what is in it. */
async function contentOf(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort()
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await readFile(path, 'latin1')])),
  )
}

const brief = ({ findings }: Diagnosis) =>
  findings.map(({ rule, severity, file, line }) => ({ rule, severity, file, line }))

test('Conduit is clean for every rung', async (t) => {
  const state = await realpath(await mkdtemp(join(tmpdir(), 'banyan-doctor-')))
  t.after(() => rm(state, { recursive: true }))
  const app = await appWith(t, {})
  const config = join(repository, 'banyan.config.ts')
  for (const rung of ['single', 'balanced', 'replicated', 'sharded', 'elastic']) {
    const words = ['--config', config, '--dir', join(state, 'none'), '--rung', rung]
    const { diagnosis, code } = await diagnose(app, ...words)
    assert.deepEqual(brief(diagnosis), [], rung)
    assert.equal(code, 0)
    assert.ok(diagnosis.read.files > 30, 'its code was read')
    assert.ok(diagnosis.read.statements > 20, 'its SQL was read')
    assert.equal(diagnosis.read.migrations, 1)
    assert.deepEqual(diagnosis.read.services, [{ name: 'web', by: 'imports' }])
  }
})

const adoptable = [
  ['express-pg', 'src/db.js'],
  ['fastify-drizzle', 'src/db.ts'],
  ['hono-kysely', 'src/db.ts'],
] as const

for (const [name, file] of adoptable) {
  test(`${name} has one thing in its way to replicas, its pool, and none once that is swapped`, async (t) => {
    const app = await appWith(t, {
      'banyan.config.ts':
        "export default { name: 'tiny', services: { web: { run: 'npm start', routes: ['/'] } }, data: {} }",
    })
    await cp(join(repository, 'tests/adoption', name), app.folder, { recursive: true })
    const code = await readFile(join(app.folder, file), 'utf8')
    const line = code.split('\n').findIndex((text) => /new (pg\.)?Pool\(/.test(text)) + 1
    const { diagnosis } = await diagnose(app, '--rung', 'replicated')
    assert.deepEqual(brief(diagnosis), [{ rule: 'own-pool', severity: 'blocks', file, line }])
    assert.deepEqual(brief((await diagnose(app, '--rung', 'balanced')).diagnosis), [])
    await app.write(file, code.replace(/(['"])pg\1/, '$1banyan/pg$1'))
    const swapped = await diagnose(app, '--rung', 'replicated')
    assert.deepEqual(brief(swapped.diagnosis), [])
    assert.equal(swapped.code, 0)
  })
}

const express = `const session = require('express-session')
const { Pool } = require('pg')
const app = require('express')()
const pool = new Pool({ connectionString: process.env.DATABASE_URL ?? 'postgres://ann:geheim@db/notes' })
app.use(session({ secret: 'geheim', resave: false }))
app.get('/', async (request, response) => response.json(await pool.query('select * from notes')))
app.listen(3000)
`

test('what is in the way is named by file and line, and the exit code says so', async (t) => {
  const app = await appWith(t, {
    'web.cjs': express,
    'banyan.config.ts': `export default {
      name: 'tiny',
      services: { web: { run: 'node web.cjs', routes: ['/'] } },
      data: { migrations: './migrations', tables: { notes: { by: 'user_id' } } },
    }`,
    'migrations/0001_notes.sql':
      'create table notes (\n  user_id bigint,\n  id bigserial primary key\n);\n',
  })
  const balanced = await diagnose(app, '--rung', 'balanced')
  assert.equal(balanced.code, 1)
  assert.deepEqual(brief(balanced.diagnosis), [
    { rule: 'fixed-port', severity: 'blocks', file: 'web.cjs', line: 7 },
    {
      rule: 'key-not-in-primary-key',
      severity: 'blocks',
      file: 'migrations/0001_notes.sql',
      line: 1,
    },
    { rule: 'session-memory', severity: 'blocks', file: 'web.cjs', line: 5 },
    { rule: 'abrupt-stop', severity: 'advice', file: 'web.cjs', line: 7 },
  ])
  const sharded = await diagnose(app, '--rung', 'sharded')
  assert.deepEqual(brief(sharded.diagnosis).slice(2), [
    { rule: 'own-pool', severity: 'blocks', file: 'web.cjs', line: 4 },
    { rule: 'numbered-id', severity: 'blocks', file: 'migrations/0001_notes.sql', line: 3 },
    { rule: 'query-without-key', severity: 'blocks', file: 'web.cjs', line: 6 },
  ])
  assert.deepEqual(sharded.diagnosis.rungs, ['single', 'replicated', 'sharded'])
  const { stdout, code } = await app.banyan('doctor', '--rung', 'balanced')
  assert.equal(code, 1)
  assert.match(stdout, /web\.cjs:5 {2}Sessions are kept in the memory/)
  assert.match(stdout, /→ Keep them in the database/)
  for (const text of [stdout, sharded.stdout, balanced.stdout]) assert.doesNotMatch(text, /geheim/)
})

test('a rung that this version does not have is judged, and said not to be there', async (t) => {
  const app = await appWith(t, {})
  const { diagnosis } = await diagnose(app, '--rung', 'edge')
  assert.equal(diagnosis.built, false)
  assert.deepEqual(diagnosis.rungs, ['single', 'balanced', 'edge'])
  assert.match(diagnosis.sentence, /does not have the rung edge yet/)
  const unknown = await app.banyan('doctor', '--rung', 'shardd', '--json')
  assert.equal(unknown.code, 1)
  assert.equal(JSON.parse(unknown.stdout).error.code, 'BANYAN_RUNG_UNKNOWN')
  assert.match(JSON.parse(unknown.stdout).error.hint, /Did you mean sharded\?/)
})

const machineChecks = ['Node', 'system', 'PostgreSQL', 'state directory', 'disk', 'port', 'git']

test('without a config the machine is looked at, and no rung is promised', async (t) => {
  const app = await appWith(t, {})
  await rm(join(app.folder, 'banyan.config.ts'))
  const { diagnosis, code } = await diagnose(app)
  assert.equal(code, 0)
  assert.equal(diagnosis.config.state, 'missing')
  const names = diagnosis.checks.map(({ name }) => name)
  for (const name of machineChecks) assert.ok(names.includes(name), name)
  assert.equal((await diagnose(app, '--rung', 'balanced')).code, 1)
  assert.match((await app.banyan('doctor')).stdout, /there is no config/)
})

test('a broken config shows its faults, and the machine is looked at all the same', async (t) => {
  const app = await appWith(t, {
    'banyan.config.ts': "export default { name: 'Tiny!', services: {} }",
  })
  const { diagnosis, code } = await diagnose(app)
  assert.equal(code, 1)
  assert.equal(diagnosis.config.state, 'broken')
  assert.equal(diagnosis.config.error?.code, 'BANYAN_CONFIG_INVALID')
  assert.ok(diagnosis.checks.length >= machineChecks.length)
  const { stdout } = await app.banyan('doctor')
  assert.match(stdout, /name: found .*Tiny!/)
  assert.match(stdout, /services/)
})

test('nothing is written, and nothing is started', async (t) => {
  const app = await appWith(t, migratedFiles)
  const before = await contentOf(app.folder)
  const { code } = await diagnose(app, '--rung', 'sharded')
  assert.equal(code, 1)
  assert.deepEqual(await contentOf(app.folder), before)
  assert.deepEqual(await app.leftovers(), [])
})

test('a state directory that is not ours is said', async (t) => {
  const app = await appWith(t, {})
  await app.write('.banyan/mine.txt', 'mine')
  const { diagnosis, code } = await diagnose(app)
  const state = diagnosis.checks.find(({ name }) => name === 'state directory')
  assert.equal(code, 1)
  assert.equal(state?.outcome, 'failed')
  assert.match(state?.found ?? '', /is not a state directory/)
})

test('a port that somebody else has is said, with who has it', async (t) => {
  const app = await appWith(t, {})
  const marker = { format: 1, system: 'tiny', madeAt: new Date(0).toISOString() }
  await app.write('.banyan/banyan.json', JSON.stringify(marker))
  const settings = { rungs: ['single'], host: '127.0.0.1', port: app.port }
  await app.write('.banyan/up.json', JSON.stringify(settings))
  const server = createServer().listen(app.port, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { diagnosis, code } = await diagnose(app)
  const port = diagnosis.checks.find(({ name }) => name === 'port')
  assert.equal(code, 0)
  assert.equal(port?.outcome, 'advice')
  assert.match(port?.found ?? '', new RegExp(`${app.port} is taken by process ${process.pid} `))
})

test('what .gitignore names and what is too large is not read', async (t) => {
  const app = await appWith(t, {
    '.gitignore': 'generated/\n*.local.js\n!keep.local.js\n',
    'banyan.config.ts':
      "export default { name: 'tiny', services: { web: { run: 'node_modules/.bin/start', routes: ['/'] } } }",
    'generated/a.js': 'app.listen(1)',
    'b.local.js': 'app.listen(2)',
    'keep.local.js': 'app.listen(3)',
    'node_modules/.bin/start': '',
    'node_modules/x/index.js': 'app.listen(4)',
    'large.js': `app.listen(5)\n//${'x'.repeat(1_100_000)}`,
  })
  await rm(join(app.folder, 'web.mjs'))
  const { diagnosis } = await diagnose(app)
  const ports = brief(diagnosis).filter(({ rule }) => rule === 'fixed-port')
  assert.deepEqual(
    ports.map(({ file }) => file),
    ['keep.local.js'],
  )
  assert.deepEqual(
    diagnosis.read.notRead.map(({ path }) => path),
    ['large.js'],
  )
})

test('a running system is asked, and its database says what files cannot', async (t) => {
  const app = await appWith(t, migratedFiles)
  const up = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(up.code, 0, up.stderr)
  await app.banyan('sql', '--as-owner', 'create unlogged table hits (at timestamptz)')
  const { diagnosis } = await diagnose(app, '--rung', 'split')
  assert.match(diagnosis.database?.version ?? '', /^18\./)
  assert.equal(diagnosis.database?.walLevel, 'logical')
  assert.deepEqual(diagnosis.database?.tables.map(({ name }) => name).toSorted(), ['hits', 'notes'])
  const what = diagnosis.findings.filter(({ file }) => file === null).map(({ what: said }) => said)
  assert.deepEqual(what, ['The table hits has no primary key.', 'The table hits is unlogged.'])
  const port = diagnosis.checks.find(({ name }) => name === 'port')
  assert.match(port?.found ?? '', /where this system runs/)
})

test('an adopted database is asked and left as it was; its password is never shown', async (t) => {
  const foreign = await startForeign({
    settings: { wal_level: 'replica', max_prepared_transactions: '0' },
  })
  t.after(() => foreign.postgres.stop())
  const app = await appWith(t, {
    'banyan.config.ts': `export default {
      name: 'tiny',
      services: { web: { run: 'node web.mjs', routes: ['/'] } },
      data: { url: process.env.DATABASE_URL, tables: { users: { by: 'id', unique: ['email'] } } },
    }`,
  })
  await writeFile(join(app.folder, '.env'), `DATABASE_URL=${foreign.url}\n`)
  const before = await fingerprintOf(foreign)
  const { diagnosis, code, stdout } = await diagnose(app, '--rung', 'sharded')
  assert.equal(code, 1)
  const rules = diagnosis.findings.filter(({ file }) => file === null).map(({ rule }) => rule)
  assert.deepEqual(rules, [
    'unique-without-key',
    'undeclared-table',
    'undeclared-table',
    'wal-level',
    'replication-role',
    'prepared-transactions',
  ])
  assert.equal(diagnosis.database?.adopted, true)
  assert.deepEqual(await fingerprintOf(foreign), before)
  const said: Finished[] = [
    await app.banyan('doctor'),
    await app.banyan('doctor', '--rung', 'split'),
  ]
  foreign.postgres.kill('SIGQUIT')
  const away = await diagnose(app)
  assert.equal(away.code, 1)
  assert.match(
    away.diagnosis.checks.find(({ name }) => name === 'database')?.found ?? '',
    /cannot be reached/,
  )
  for (const text of [stdout, away.stdout, ...said.flatMap((one) => [one.stdout, one.stderr])]) {
    assert.doesNotMatch(text, /p@ss|p%40ss/)
  }
})
