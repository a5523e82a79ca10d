// An app that knows its database by one address is not left behind by it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeApp } from './support/banyan.ts'

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
