import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Client, freshName, password } from '../client.ts'

export function profileTests(client: () => Client): void {
  it('following shows on the profile, for the follower alone, and can be undone', async () => {
    const api = client()
    const name = freshName('ß 東京 🌳')
    const fan = await api.register(freshName())
    const user = { username: name, email: `${freshName()}@example.com`, password }
    await api.call('POST', '/api/users', { user })
    const path = `/api/profiles/${encodeURIComponent(name)}`
    const profile = { username: name, bio: null, image: null, following: false }
    assert.deepEqual((await api.get(path)).body, { profile })
    for (const _ of ['once', 'twice']) {
      const followed = await api.call('POST', `${path}/follow`, undefined, fan)
      assert.deepEqual(followed.body, { profile: { ...profile, following: true } })
    }
    assert.equal((await api.get(path, fan)).body.profile.following, true)
    assert.equal((await api.get(path)).body.profile.following, false)
    for (const _ of ['once', 'twice']) {
      const unfollowed = await api.call('DELETE', `${path}/follow`, undefined, fan)
      assert.deepEqual(unfollowed.body, { profile })
    }
    assert.equal((await api.get(path, fan)).body.profile.following, false)
  })

  it('a profile that nobody has is not found, and needs a token to be followed', async () => {
    const api = client()
    const path = `/api/profiles/${freshName()}`
    const missing = { errors: { profile: ['not found'] } }
    assert.deepEqual((await api.get(path)).body, missing)
    assert.equal((await api.call('POST', `${path}/follow`)).status, 401)
    const token = await api.register(freshName())
    for (const method of ['POST', 'DELETE'] as const) {
      const answer = await api.call(method, `${path}/follow`, undefined, token)
      assert.deepEqual([answer.status, answer.body], [404, missing])
    }
  })
}
