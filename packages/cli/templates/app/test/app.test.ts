import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { data } from 'banyan'
import { app } from '../src/app.ts'

// Run by: npx banyan exec --fresh -- npm test
after(() => data.close())

test('a note is there as soon as it was written', async () => {
  const { id } = await (await post('/people', { email: 'ada@example.com', name: 'Ada' })).json()
  const written = await post(`/people/${id}/notes`, { text: 'One tree' })
  assert.equal(written.status, 201)
  const notes = await (await app.request(`/people/${id}/notes`)).json()
  assert.deepEqual(
    notes.map(({ body }: { body: string }) => body),
    ['One tree'],
  )
})

test('an email belongs to one person', async () => {
  await post('/people', { email: 'eve@example.com', name: 'Eve' })
  const second = await post('/people', { email: 'eve@example.com', name: 'Another' })
  assert.equal(second.status, 409)
  const found = await (await app.request('/by-email/eve@example.com')).json()
  assert.equal(found.name, 'Eve')
})

const post = (path: string, body: unknown): Promise<Response> =>
  Promise.resolve(
    app.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  )
