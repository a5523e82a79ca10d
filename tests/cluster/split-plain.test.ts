// An app that knows its database by one address is not left behind by it.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually, makeApp } from './support/banyan.ts'

const repository = new URL('../../', import.meta.url).pathname
const ofBanyan = JSON.stringify(join(repository, 'packages/banyan/src/pg.ts'))

/** A web service that follows, a worker that follows by a client alone, and one with a driver of its own. */
const mixed = {
  'banyan.config.ts': `export default {
  name: 'mixed',
  services: {
    web: { run: 'node web.mjs', routes: ['/'] },
    listener: { run: 'node listener.mjs' },
    jobs: { run: 'node jobs.mjs' },
  },
  data: {},
}
`,
  'web.mjs': `import { createServer } from 'node:http'
import { Pool } from ${ofBanyan}
const pool = new Pool({ idleTimeoutMillis: 0 })
createServer(async (request, response) => {
  await pool.query('select 1')
  response.end('done')
}).listen(Number(process.env.PORT), process.env.HOST)
process.on('SIGTERM', () => process.exit(0))
`,
  'listener.mjs': `import { Client } from ${ofBanyan}
const client = new Client()
client.on('error', () => process.exit(1))
await client.connect()
await client.query('listen news')
process.on('SIGTERM', () => process.exit(0))
`,
  'jobs.mjs': `import pg from ${JSON.stringify(join(repository, 'node_modules/pg/esm/index.mjs'))}
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, idleTimeoutMillis: 0 })
await pool.query('select 1')
setInterval(() => {}, 1000)
process.on('SIGTERM', () => process.exit(0))
`,
}

test('the database of an app that could not follow it is not moved, and nothing has begun', async () => {
  const app = await makeApp()
  try {
    const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
    assert.equal(code, 0, stderr)
    assert.equal((await fetch(app.url, { method: 'POST' })).status, 200)
    for (const rung of ['split', 'replicated']) {
      const { error } = (await app.json('grow', rung)) as {
        error?: { code: string; message: string }
      }
      assert.equal(error?.code, 'BANYAN_CLIMB_REFUSED')
      assert.match(error?.message ?? '', /keeps \d sessions? with the database/)
    }
    const { nodes } = (await app.json('status')) as { nodes: { name: string }[] }
    assert.deepEqual(
      nodes.map(({ name }) => name).filter((name) => name.startsWith('db-')),
      ['db-1'],
    )
  } finally {
    await app.remove()
  }
})

test('where some services follow and one would not, that one is named before anything begins', async () => {
  const app = await makeApp(mixed)
  try {
    const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
    assert.equal(code, 0, stderr)
    assert.equal((await fetch(app.url)).status, 200)
    const error = await eventually(async () => {
      const answer = (await app.json('grow', 'split')) as {
        error?: { code: string; message: string; details: { reasons: readonly string[] } }
      }
      return answer.error ?? null
    })
    assert.equal(error.code, 'BANYAN_CLIMB_REFUSED')
    assert.match(error.message, /jobs keeps 1 session with the database, and it would not follow/)
    assert.doesNotMatch(error.message, /(?:web|listener) keeps/)
    const { nodes } = (await app.json('status')) as { nodes: { name: string; host: string }[] }
    assert.deepEqual(
      nodes.map(({ name }) => name).filter((name) => name.startsWith('db-')),
      ['db-1'],
    )
  } finally {
    await app.remove()
  }
})
