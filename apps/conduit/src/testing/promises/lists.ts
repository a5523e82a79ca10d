import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Client, freshName, password } from '../client.ts'

const slugsOf = (body: { articles: { slug: string }[] }) => body.articles.map(({ slug }) => slug)

export function listTests(client: () => Client): void {
  it('lists are newest first, without bodies, and page by page without gaps', async () => {
    const api = client()
    const tag = freshName('tag')
    const tokens = await Promise.all([1, 2, 3, 4].map(() => api.register(freshName())))
    const written: string[] = []
    for (let index = 0; index < 13; index++) {
      const token = tokens[index % tokens.length] as string
      written.unshift((await api.write(token, { tagList: [tag] })).slug)
    }
    const all = (await api.get(`/api/articles?tag=${tag}`)).body
    assert.deepEqual([slugsOf(all), all.articlesCount], [written, 13])
    assert.ok(all.articles.every((article: object) => !('body' in article)))
    for (const offset of [0, 5, 10, 13]) {
      const { body } = await api.get(`/api/articles?tag=${tag}&limit=5&offset=${offset}`)
      assert.deepEqual([slugsOf(body), body.articlesCount], [written.slice(offset, offset + 5), 13])
    }
    const newest = (await api.get('/api/articles?limit=3')).body
    assert.deepEqual(slugsOf(newest), written.slice(0, 3))
    assert.ok(newest.articlesCount >= 13)
    const later = (await api.get('/api/articles?limit=3&offset=2')).body
    assert.deepEqual(slugsOf(later), written.slice(2, 5))
  })

  it('the filters by author, tag and favourite work alone and together', async () => {
    const api = client()
    const [ann, bob] = [freshName('ann'), freshName('bob')]
    const [annToken, bobToken] = [await api.register(ann), await api.register(bob)]
    const tag = freshName('tag & / ?')
    const annTagged = (await api.write(annToken, { tagList: [tag] })).slug
    const annPlain = (await api.write(annToken)).slug
    const bobTagged = (await api.write(bobToken, { tagList: [tag] })).slug
    for (const slug of [annTagged, annPlain, bobTagged]) {
      await api.call('POST', `/api/articles/${slug}/favorite`, undefined, bobToken)
    }
    const find = async (filters: Record<string, string>) => {
      const { body } = await api.get(`/api/articles?${new URLSearchParams(filters)}`)
      assert.equal(body.articlesCount, body.articles.length)
      return slugsOf(body)
    }
    assert.deepEqual(await find({ author: ann }), [annPlain, annTagged])
    assert.deepEqual(await find({ tag }), [bobTagged, annTagged])
    assert.deepEqual(await find({ favorited: bob }), [bobTagged, annPlain, annTagged])
    assert.deepEqual(await find({ favorited: bob, tag }), [bobTagged, annTagged])
    assert.deepEqual(await find({ author: ann, tag }), [annTagged])
    assert.deepEqual(await find({ author: ann, favorited: bob }), [annPlain, annTagged])
    assert.deepEqual(await find({ author: ann, favorited: bob, tag }), [annTagged])
    assert.deepEqual(await find({ author: ann, favorited: ann }), [])
    assert.deepEqual(await find({ author: freshName() }), [])
    assert.deepEqual(await find({ favorited: freshName() }), [])
    assert.deepEqual(await find({ author: ann, favorited: freshName() }), [])
    assert.deepEqual(await find({ tag: freshName('tag') }), [])
  })

  it('a feed holds the articles of those whom one follows, and says so of each author', async () => {
    const api = client()
    const reader = await api.register(freshName())
    const names = [freshName(), freshName(), freshName()]
    const tokens = await Promise.all(names.map((name) => api.register(name)))
    const slugs: string[] = []
    for (const round of [1, 2, 3]) {
      for (const token of tokens)
        slugs.unshift((await api.write(token, { title: `${round}` })).slug)
    }
    const empty = (await api.get('/api/articles/feed', reader)).body
    assert.deepEqual(empty, { articles: [], articlesCount: 0 })
    for (const name of names.slice(0, 2)) {
      await api.call('POST', `/api/profiles/${name}/follow`, undefined, reader)
    }
    const expected = slugs.filter((_, index) => index % 3 !== 0)
    const feed = (await api.get('/api/articles/feed', reader)).body
    assert.deepEqual([slugsOf(feed), feed.articlesCount], [expected, 6])
    assert.ok(
      feed.articles.every(
        (article: { author: { following: boolean } }) => article.author.following,
      ),
    )
    const page = (await api.get('/api/articles/feed?limit=2&offset=3', reader)).body
    assert.deepEqual([slugsOf(page), page.articlesCount], [expected.slice(3, 5), 6])
  })

  it('a list says for the viewer what is favourited and who is followed', async () => {
    const api = client()
    const author = freshName()
    const token = await api.register(author)
    const viewer = await api.register(freshName())
    const [plain, liked] = [(await api.write(token)).slug, (await api.write(token)).slug]
    await api.call('POST', `/api/articles/${liked}/favorite`, undefined, viewer)
    await api.call('POST', `/api/profiles/${author}/follow`, undefined, viewer)
    const look = async (as?: string) =>
      (await api.get(`/api/articles?author=${author}`, as)).body.articles.map(
        (article: { slug: string; favorited: boolean; author: { following: boolean } }) => [
          article.slug,
          article.favorited,
          article.author.following,
        ],
      )
    assert.deepEqual(await look(viewer), [
      [liked, true, true],
      [plain, false, true],
    ])
    assert.deepEqual(await look(), [
      [liked, false, false],
      [plain, false, false],
    ])
  })

  it('a new tag is in the list of tags at once, and once, and leaves with its last article', async () => {
    const api = client()
    const token = await api.register(freshName())
    const tag = freshName('étiquette')
    const [one, two] = [
      await api.write(token, { tagList: [tag] }),
      await api.write(await api.register(freshName()), { tagList: [tag] }),
    ]
    const count = async () =>
      (await api.get('/api/tags')).body.tags.filter((other: string) => other === tag).length
    assert.equal(await count(), 1)
    await api.call('DELETE', `/api/articles/${one.slug}`, undefined, token)
    assert.equal(await count(), 1)
    const other = (await api.get(`/api/articles/${two.slug}`)).body.article.author.username
    const login = { user: { email: `${other}@example.com`, password } }
    const { body } = await api.call('POST', '/api/users/login', login)
    await api.call('DELETE', `/api/articles/${two.slug}`, undefined, body.user.token)
    assert.equal(await count(), 0)
  })
}
