import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Client, freshName, password } from '../client.ts'

const taken = ['has already been taken']

export function uniquenessTests(client: () => Client): void {
  it('a username and an email can be taken only once', async () => {
    const api = client()
    const username = freshName()
    await api.register(username)
    const other = freshName()
    const send = (user: object) => api.call('POST', '/api/users', { user: { password, ...user } })
    const sameName = await send({ username, email: `${other}@example.com` })
    assert.deepEqual([sameName.status, sameName.body], [409, { errors: { username: taken } }])
    const sameEmail = await send({ username: other, email: `${username}@example.com` })
    assert.deepEqual([sameEmail.status, sameEmail.body], [409, { errors: { email: taken } }])
  })

  it('of many who register one name at once exactly one gets it', async () => {
    const api = client()
    const username = freshName()
    const register = (_: unknown, index: number) =>
      api.call('POST', '/api/users', {
        user: { username, email: `${index}.${username}@example.com`, password },
      })
    const answers = await Promise.all(Array.from({ length: 10 }, register))
    const statuses = answers.map((answer) => answer.status).sort()
    assert.deepEqual(statuses, [201, ...Array(9).fill(409)])
  })

  it('a name that its user gave up can be taken by another', async () => {
    const api = client()
    const username = freshName()
    const token = await api.register(username)
    const changed = await api.call('PUT', '/api/user', { user: { username: freshName() } }, token)
    assert.equal(changed.status, 200)
    const user = { username, email: `second.${username}@example.com`, password }
    assert.equal((await api.call('POST', '/api/users', { user })).status, 201)
  })

  it('a change of a name to one that is taken changes nothing', async () => {
    const api = client()
    const first = freshName()
    const second = freshName()
    await api.register(first)
    const token = await api.register(second)
    const answer = await api.call(
      'PUT',
      '/api/user',
      { user: { username: first, bio: 'x' } },
      token,
    )
    assert.deepEqual([answer.status, answer.body], [409, { errors: { username: taken } }])
    const { user } = (await api.get('/api/user', token)).body
    assert.deepEqual([user.username, user.bio], [second, null])
  })
}
