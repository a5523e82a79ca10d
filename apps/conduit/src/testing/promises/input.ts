import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Client, freshName } from '../client.ts'

const blank = ["can't be blank"]

export function inputTests(client: () => Client): void {
  it('every fault of an input is told at once, by field', async () => {
    const api = client()
    const user = { username: '  ', email: 'no at sign', password: 'short' }
    const { status, body } = await api.call('POST', '/api/users', { user })
    assert.equal(status, 422)
    assert.deepEqual(body.errors, {
      username: blank,
      email: ['is invalid'],
      password: ['is too short (minimum is 8 characters)'],
    })
    const empty = await api.call('POST', '/api/users', { user: {} })
    assert.deepEqual(empty.body.errors, { username: blank, email: blank, password: blank })
  })

  it('what has the wrong type, shape or size is 422 in words, never a failure of the server', async () => {
    const api = client()
    const token = await api.register(freshName())
    const good = { title: 'T', description: 'D', body: 'B' }
    const bad: [string, object][] = [
      ['title', { title: 7 }],
      ['title', { title: null }],
      ['title', { title: ['a'] }],
      ['title', { title: { toString: 'x' } }],
      ['title', { title: ' \n\t' }],
      ['title', { title: 'x'.repeat(256) }],
      ['title', { title: 'nul \0 byte' }],
      ['title', { title: 'half \ud83d of an emoji' }],
      ['description', { description: '' }],
      ['body', { body: 'y'.repeat(100_001) }],
      ['tagList', { tagList: 'tag' }],
      ['tagList', { tagList: null }],
      ['tagList', { tagList: [1] }],
      ['tagList', { tagList: [''] }],
      ['tagList', { tagList: ['\0'] }],
      ['tagList', { tagList: [null] }],
      ['tagList', { tagList: ['z'.repeat(65)] }],
      ['tagList', { tagList: Array.from({ length: 51 }, (_, index) => `${index}`) }],
    ]
    for (const [field, change] of bad) {
      const article = { ...good, ...change }
      const { status, body } = await api.call('POST', '/api/articles', { article }, token)
      assert.deepEqual([status, Object.keys(body.errors)], [422, [field]], JSON.stringify(change))
    }
    for (const body of [{}, [], 'text', 7, null, { article: null }, { article: [] }]) {
      const answer = await api.call('POST', '/api/articles', body, token)
      assert.equal(answer.status, 422, JSON.stringify(body))
    }
    const article = { ...good, title: '\u{1F333}'.repeat(255), tagList: ['z'.repeat(64)] }
    assert.equal((await api.call('POST', '/api/articles', { article }, token)).status, 201)
  })

  it('a path or a query that makes no sense is refused, never a failure of the server', async () => {
    const api = client()
    for (const query of [
      'limit=0',
      'limit=-1',
      'limit=101',
      'limit=ten',
      'limit=1.5',
      'limit=99999999999999999999',
      'limit=1&limit=2',
      'offset=-1',
      'offset=1e3',
      'offset=9999999999',
      'tag=%00',
      'tag=a&tag=b',
      `author=${'x'.repeat(500)}`,
      'favorited=%00',
    ]) {
      const { status, body } = await api.get(`/api/articles?${query}`)
      assert.deepEqual([status, Object.keys(body)], [422, ['errors']], query)
    }
    assert.equal((await api.get('/api/articles/%00')).status, 404)
    assert.equal((await api.get('/api/profiles/%00%ff')).status >= 400, true)
    assert.equal((await api.get('/api/profiles/a%00b')).status, 404)
    assert.equal((await api.get(`/api/articles/${'s'.repeat(900)}`)).status, 404)
    assert.equal((await api.get('/api/nothing')).status, 404)
  })

  it('an empty body with a JSON content type is no body, and broken JSON is said', async () => {
    const api = client()
    const token = await api.register(freshName())
    const { slug } = await api.write(token)
    const path = `/api/articles/${slug}/favorite`
    const empty = await api.call('POST', path, undefined, token)
    assert.equal(empty.status, 200)
    const answer = await api.call('POST', '/api/users', { user: 'x' })
    assert.deepEqual(
      [answer.status, answer.body],
      [422, { errors: { user: ['must be an object'] } }],
    )
  })
}
