import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Client, freshName } from '../client.ts'

export function articleTests(client: () => Client): void {
  it('an article is shown as it was written, with its tags in order', async () => {
    const api = client()
    const author = freshName()
    const token = await api.register(author)
    const tags = [freshName('tag'), freshName('tag'), 'a']
    const text = 'Zeile 1\n\tZeile 2 \\ "quoted" 👩‍🚀 \u2028 $1 %s'
    const article = await api.write(token, { title: text, body: text, tagList: [...tags, 'a'] })
    const shown = (await api.get(`/api/articles/${encodeURIComponent(article.slug)}`)).body.article
    assert.deepEqual(shown, article)
    assert.deepEqual([shown.title, shown.body, shown.tagList], [text, text, tags])
    assert.equal(shown.createdAt, shown.updatedAt)
    assert.match(shown.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.deepEqual(shown.author, { username: author, bio: null, image: null, following: false })
  })

  it('articles of one title get different slugs that read like it', async () => {
    const api = client()
    const token = await api.register(freshName())
    const [one, two] = [
      await api.write(token, { title: 'Crème brûlée, 東京!' }),
      await api.write(token, { title: 'Crème brûlée, 東京!' }),
    ]
    assert.notEqual(one.slug, two.slug)
    assert.match(one.slug, /^crème-brûlée-東京-[0-9a-z]{8}$/)
    assert.match((await api.write(token, { title: '!!!' })).slug, /^article-[0-9a-z]{8}$/)
  })

  it('a change keeps what it does not name, and the slug follows the title', async () => {
    const api = client()
    const token = await api.register(freshName())
    const tag = freshName('tag')
    const before = await api.write(token, { title: 'First name', tagList: [tag] })
    const put = async (slug: string, article: object) =>
      (await api.call('PUT', `/api/articles/${slug}`, { article }, token)).body.article
    const rewritten = await put(before.slug, { body: 'New text' })
    const { updatedAt, ...kept } = rewritten
    assert.deepEqual({ ...kept, updatedAt: before.updatedAt }, { ...before, body: 'New text' })
    assert.ok(updatedAt > before.updatedAt)
    assert.equal((await put(before.slug, { title: 'First, name' })).slug, before.slug)
    const renamed = await put(before.slug, { title: 'Second name', tagList: [] })
    assert.match(renamed.slug, /^second-name-/)
    assert.deepEqual(renamed.tagList, [])
    assert.equal((await api.get(`/api/articles/${before.slug}`)).status, 404)
    assert.equal((await api.get(`/api/articles/${renamed.slug}`)).body.article.title, 'Second name')
  })

  it('only the author may change or delete an article, and once deleted it is gone', async () => {
    const api = client()
    const token = await api.register(freshName())
    const other = await api.register(freshName())
    const path = `/api/articles/${(await api.write(token)).slug}`
    const change = { article: { body: 'mine now' } }
    const forbidden = { errors: { article: ['forbidden'] } }
    for (const answer of [
      await api.call('PUT', path, change, other),
      await api.call('DELETE', path, undefined, other),
    ]) {
      assert.deepEqual([answer.status, answer.body], [403, forbidden])
    }
    assert.equal((await api.call('DELETE', path, undefined, token)).status, 204)
    const missing = { errors: { article: ['not found'] } }
    for (const answer of [
      await api.get(path),
      await api.call('PUT', path, change, token),
      await api.call('DELETE', path, undefined, token),
      await api.call('POST', `${path}/favorite`, undefined, token),
      await api.call('DELETE', `${path}/favorite`, undefined, token),
      await api.get(`${path}/comments`),
    ]) {
      assert.deepEqual([answer.status, answer.body], [404, missing])
    }
  })

  it('of many deletes of one article at once exactly one does it, and the count stays right', async () => {
    const api = client()
    const author = freshName()
    const token = await api.register(author)
    const { slug } = await api.write(token)
    await api.write(token)
    const remove = () => api.call('DELETE', `/api/articles/${slug}`, undefined, token)
    const answers = await Promise.all(Array.from({ length: 8 }, remove))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [204, ...Array(7).fill(404)])
    assert.equal((await api.get(`/api/articles?author=${author}`)).body.articlesCount, 1)
  })

  it('everything that changes something needs a token', async () => {
    const api = client()
    for (const [method, path] of [
      ['POST', '/api/articles'],
      ['PUT', '/api/articles/x'],
      ['DELETE', '/api/articles/x'],
      ['GET', '/api/articles/feed'],
      ['POST', '/api/articles/x/favorite'],
      ['DELETE', '/api/articles/x/favorite'],
      ['POST', '/api/articles/x/comments'],
      ['DELETE', '/api/articles/x/comments/1'],
      ['PUT', '/api/user'],
    ] as const) {
      const { status, body } = await api.call(method, path)
      assert.deepEqual([status, body], [401, { errors: { token: ['is missing'] } }], path)
    }
  })
}
