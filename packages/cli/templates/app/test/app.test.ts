import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { data } from 'banyan'
import { app } from '../src/app.ts'

// Run by: npx banyan exec --fresh -- npm test
after(() => data.close())

const headers = { 'content-type': 'application/json' }

const post = async (path: string, body: unknown): Promise<Response> =>
  await app.request(path, { method: 'POST', headers, body: JSON.stringify(body) })

const json = async <T>(response: Response): Promise<T> => (await response.json()) as T

test('a note is there as soon as it was written', async () => {
  const person = await post('/people', { email: 'ada@example.com', name: 'Ada' })
  const { id } = await json<{ id: string }>(person)
  const written = await post(`/people/${id}/notes`, { text: 'One tree' })
  assert.equal(written.status, 201)
  const notes = await json<{ body: string }[]>(await app.request(`/people/${id}/notes`))
  assert.equal(notes[0]?.body, 'One tree')
})

test('an email belongs to one person', async () => {
  await post('/people', { email: 'eve@example.com', name: 'Eve' })
  const second = await post('/people', { email: 'eve@example.com', name: 'Another' })
  assert.equal(second.status, 409)
  const found = await json<{ name: string }>(await app.request('/by-email/eve@example.com'))
  assert.equal(found.name, 'Eve')
})
