import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { app } from '../src/app.ts'
import { db } from '../src/db.ts'
import { migrateToLatest } from '../src/migrate.ts'

before(async () => {
  await migrateToLatest()
  await db.deleteFrom('votes').execute()
  await db.deleteFrom('polls').execute()
})

after(() => db.destroy())

const send = async (method: string, path: string, body: unknown) =>
  await app.request(path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const makePoll = async (question: string): Promise<string> => {
  const poll = (await (await send('POST', '/polls', { question })).json()) as { id: string }
  return poll.id
}

test('votes are counted by choice, and a voter counts once', async () => {
  const id = await makePoll('Tea or coffee?')
  await send('PUT', `/polls/${id}/votes/ada`, { choice: 'tea' })
  await send('PUT', `/polls/${id}/votes/bob`, { choice: 'coffee' })
  await send('PUT', `/polls/${id}/votes/bob`, { choice: 'tea' })
  const poll = (await (await app.request(`/polls/${id}`)).json()) as { results: unknown }
  assert.deepEqual(poll.results, [{ choice: 'tea', votes: 2 }])
})

test('a poll goes with its votes', async () => {
  const id = await makePoll('To be?')
  await send('PUT', `/polls/${id}/votes/ham`, { choice: 'not' })
  assert.equal((await send('DELETE', `/polls/${id}`, {})).status, 204)
  assert.equal((await app.request(`/polls/${id}`)).status, 404)
})

test('a vote for a poll that is not there fails', async () => {
  const nobody = '00000000-0000-4000-8000-000000000000'
  const answer = await send('PUT', `/polls/${nobody}/votes/ada`, { choice: 'tea' })
  assert.equal(answer.status, 500)
})
