import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { apps } from './support/apps.ts'
import { copyApp, freePort } from './support/plain-app.ts'

let postgres: TestPostgres

before(async () => {
  postgres = await startPostgres()
})

after(() => postgres.stop())

for (const app of apps) {
  test(`${app.folder}: passes its own tests before anybody has heard of Banyan`, async () => {
    await using copy = await copyApp(app.folder)
    const { adminUrl } = await postgres.createDatabase()
    const own = await copy.run({ DATABASE_URL: adminUrl }, 'npm', 'test')
    assert.equal(own.code, 0, own.stdout + own.stderr)
    assert.match(own.stdout, /pass [34]\n/)
  })

  test(`${app.folder}: is taken in with no line changed, and served on its own database`, async () => {
    await using copy = await copyApp(app.folder)
    const { adminUrl } = await postgres.createDatabase()
    await copy.write('.env', `DATABASE_URL=${adminUrl}\n`)
    const migrated = await copy.run({ DATABASE_URL: adminUrl }, 'npm', 'run', 'migrate')
    assert.equal(migrated.code, 0, migrated.stderr)
    const before = await copy.hashes()

    const said = await copy.banyan('init')
    assert.equal(said.code, 0, said.stderr)
    assert.match(said.stdout, new RegExp(`${app.name}: an? ${app.framework} app`))
    assert.match(said.stdout, new RegExp(`for ${app.driver}: .*${app.swap[0]}:\\d`))
    assert.doesNotMatch(said.stdout, /^!/m, 'a plain app gets no warning')
    assert.ok(!said.stdout.includes(new URL(adminUrl).password), 'the password was printed')

    const now = await copy.hashes()
    const added = [...now.keys()].filter((path) => !before.has(path))
    assert.deepEqual(added.sort(), ['.gitignore', app.config])
    for (const [path, hash] of before) assert.equal(now.get(path), hash, `${path} was changed`)

    const port = await freePort()
    await copy.json('up', '--detach', '--port', String(port))
    await app.use(`http://127.0.0.1:${port}`)
    const { sentence } = await copy.json('status')
    assert.match(String(sentence), new RegExp(`^${app.name} is up`))
    const down = await copy.banyan('down')
    assert.equal(down.code, 0, down.stderr)
  })
}
