import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Client, freshName, password } from '../client.ts'

const blank = ["can't be blank"]

export function userTests(client: () => Client): void {
  it('a new user is shown with a token that logs them in', async () => {
    const api = client()
    const username = freshName()
    const user = { username, email: `${username}@example.com`, password }
    const { status, body } = await api.call('POST', '/api/users', { user })
    assert.equal(status, 201)
    const { token, ...shown } = body.user
    assert.deepEqual(shown, { username, email: user.email, bio: null, image: null })
    assert.equal((await api.get('/api/user', token)).body.user.username, username)
  })

  it('nobody logs in with a wrong password, an unknown email or an old password', async () => {
    const api = client()
    const username = freshName()
    const token = await api.register(username)
    const login = (email: string, word: string) =>
      api.call('POST', '/api/users/login', { user: { email, password: word } })
    const email = `${username}@example.com`
    const invalid = { errors: { credentials: ['invalid'] } }
    assert.equal((await login(email, password)).status, 200)
    for (const answer of [await login(email, 'wrong'), await login(`no.${email}`, password)]) {
      assert.deepEqual([answer.status, answer.body], [401, invalid])
    }
    await api.call('PUT', '/api/user', { user: { password: 'another phrase' } }, token)
    assert.equal((await login(email, password)).status, 401)
    assert.equal((await login(email, 'another phrase')).status, 200)
  })

  it('a password is the same however its letters are composed', async () => {
    const api = client()
    const username = freshName()
    const email = `${username}@example.com`
    const word = 'crème brûlée'
    await api.call('POST', '/api/users', {
      user: { username, email, password: word.normalize('NFD') },
    })
    const login = { user: { email, password: word.normalize('NFC') } }
    assert.equal((await api.call('POST', '/api/users/login', login)).status, 200)
  })

  it('tokens that are missing, forged or of another scheme are refused, each in words', async () => {
    const api = client()
    const missing = { errors: { token: ['is missing'] } }
    assert.deepEqual((await api.get('/api/user')).body, missing)
    const token = await api.register(freshName())
    const forged = `${token.slice(0, -4)}AAAA`
    const answer = await api.get('/api/user', forged)
    assert.deepEqual([answer.status, answer.body], [401, { errors: { token: ['is invalid'] } }])
    assert.equal((await api.get('/api/articles', forged)).status, 401)
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`
    assert.equal((await api.get('/api/user', unsigned)).status, 401)
  })

  it('null and the empty text clear bio and image, and nothing else can be cleared', async () => {
    const api = client()
    const token = await api.register(freshName())
    const put = (user: object) => api.call('PUT', '/api/user', { user }, token)
    await put({ bio: 'Words', image: 'https://example.com/a.png' })
    assert.equal((await put({ bio: '' })).body.user.bio, null)
    const kept = await put({ image: null })
    assert.deepEqual([kept.body.user.bio, kept.body.user.image], [null, null])
    for (const field of ['username', 'email', 'password']) {
      for (const value of ['', null]) {
        const answer = await put({ [field]: value })
        assert.deepEqual([answer.status, answer.body], [422, { errors: { [field]: blank } }])
      }
    }
    assert.equal((await put({})).status, 422)
  })
}
