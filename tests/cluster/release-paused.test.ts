import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { makeApp, plainConfig, plainWeb, type TestApp } from './support/banyan.ts'

/* A release is asked for while the database stands still: nobody may wait for its answer for ever. */

let app: TestApp
before(async () => {
  app = await makeApp({ 'banyan.config.ts': plainConfig, 'web.mjs': plainWeb })
  await app.banyan('up', '--detach', '--port', String(app.port))
})
after(async () => {
  await app.banyan('resume', 'db-1')
  await app.remove()
})

test('a release is refused while the database is paused, and down is not held up by it', {
  timeout: 120_000,
}, async () => {
  await app.write('migrations/0001_notes.sql', 'create table notes (id bigint primary key);\n')
  await app.write(
    'banyan.config.ts',
    plainConfig.replace('data: {}', "data: { migrations: './migrations' }"),
  )
  await app.json('pause', 'db-1')
  const answer = (await app.json('release')) as { error: { code: string; message: string } }
  assert.equal(answer.error?.code, 'BANYAN_RELEASE_REFUSED', JSON.stringify(answer))
  assert.match(answer.error.message, /db-1 .* paused on purpose/)
  await app.json('resume', 'db-1')
  const { code, stdout, stderr } = await app.banyan('down')
  assert.equal(code, 0, stdout + stderr)
})
