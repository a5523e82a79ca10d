import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type Client, clientOf } from '../../apps/conduit/src/testing/client.ts'
import { startOnBanyan } from './conduit-system.ts'

const events: { event: string; subject: string }[] = []
let client: Client
let stop: () => Promise<void>

before(async () => {
  const running = await startOnBanyan({
    record: (event, { subject }) => void events.push({ event, subject }),
  })
  client = clientOf(running.app)
  stop = running.stop
})
after(() => stop())
beforeEach(() => void events.splice(0))

const namesOf = () => events.map(({ event }) => event)

test('who registers, asks and publishes is recorded, by an id that says no name', async () => {
  const token = await client.register('wilhelmina')
  assert.deepEqual(namesOf(), ['user.registered'])
  await client.get('/api/user', token)
  await client.get('/api/articles', token)
  assert.deepEqual(namesOf(), ['user.registered', 'user.active', 'user.active'])
  const ids = new Set(events.map(({ subject }) => subject))
  assert.equal(ids.size, 1, 'it is the same user whatever happened')
  await client.write(token)
  assert.deepEqual(namesOf().slice(3), ['user.active', 'article.published'])
  assert.doesNotMatch(JSON.stringify(events), /wilhelmina/)
})

test('what was refused, and who is not logged in, is recorded by nobody', async () => {
  await client.get('/api/articles')
  await client.get('/api/user', 'no-token')
  await client.get('/api/user')
  await client.call('POST', '/api/users', { user: { username: '' } })
  assert.deepEqual(namesOf(), [])
})
