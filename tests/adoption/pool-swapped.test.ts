import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { type AppUnderTest, apps } from './support/apps.ts'
import { copyApp, freePort, type PlainApp } from './support/plain-app.ts'

let postgres: TestPostgres

before(async () => {
  postgres = await startPostgres()
})

after(() => postgres.stop())

/** The app after `init` and after the one edit that init proposes. */
async function swapped(app: AppUnderTest): Promise<PlainApp> {
  const copy = await copyApp(app.folder)
  await copy.json('init')
  await copy.replace(...app.swap)
  return copy
}

const ownTests = async (copy: PlainApp, ...words: string[]): Promise<void> => {
  const { code, stdout, stderr } = await copy.banyan('exec', ...words, '--', 'npm', 'test')
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, /fail 0\n/)
  assert.match(stdout, /pass [34]\n/)
}

for (const app of apps) {
  test(`${app.folder}: with Pool swapped it is served on its own database, whatever runs that`, async () => {
    await using copy = await swapped(app)
    const { adminUrl } = await postgres.createDatabase()
    await copy.write('.env', `DATABASE_URL=${adminUrl}\n`)
    await copy.replace(app.config, 'data: {}', 'data: { url: process.env.DATABASE_URL }')
    await copy.run({ DATABASE_URL: adminUrl }, 'npm', 'run', 'migrate')
    const port = await freePort()
    await copy.json('up', '--detach', '--port', String(port))
    await app.use(`http://127.0.0.1:${port}`)
  })

  test(`${app.folder}: with Pool swapped its own tests pass on a fresh database`, async () => {
    await using copy = await swapped(app)
    await ownTests(copy, '--fresh')
  })

  test(`${app.folder}: with Pool swapped its own tests pass in narrow mode, with its tables declared`, async () => {
    await using copy = await swapped(app)
    // Its own tool makes the tables; what is declared is installed at the next start.
    const migrated = await copy.banyan('exec', '--', 'npm', 'run', 'migrate')
    assert.equal(migrated.code, 0, migrated.stdout + migrated.stderr)
    await copy.replace(app.config, 'data: {}', `data: { tables: ${app.tables} }`)
    await ownTests(copy)
    const asked = await copy.banyan(
      'exec',
      '--',
      'node',
      '-e',
      `new (require('pg').Client)({ connectionString: process.env.DATABASE_URL }).connect(function () {
        this.query("select relrowsecurity from pg_class where relname = '${app.sharded}'", (error, found) => {
          console.log('narrow:', error ?? found.rows[0].relrowsecurity)
          this.end()
        })
      })`,
    )
    assert.match(asked.stdout, /narrow: true/, 'row-level security was on while the tests ran')
  })
}
