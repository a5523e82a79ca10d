import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { type Client, clientOf, freshName, password } from './client.ts'

export type RunningApp = { readonly app: FastifyInstance; stop(): Promise<void> }

export type SuiteOptions = {
  /** False where the data keeps values unique on each shard only: those promises are then skipped. */
  readonly uniqueEverywhere?: boolean
}

/** What the API promises, whatever data it runs on. */
export function apiSuite(
  name: string,
  start: () => Promise<RunningApp>,
  { uniqueEverywhere = true }: SuiteOptions = {},
): void {
  describe(name, () => {
    let running: RunningApp
    let api: Client
    before(async () => {
      running = await start()
      api = clientOf(running.app)
    })
    after(() => running?.stop())
    userTests(() => api)
    uniquenessTests(() => api, !uniqueEverywhere)
    profileTests(() => api)
    articleTests(() => api)
    listTests(() => api)
    commentTests(() => api)
    favoriteTests(() => api)
    inputTests(() => api)
  })
}

const taken = ['has already been taken']
const blank = ["can't be blank"]

function userTests(client: () => Client): void {
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

function uniquenessTests(client: () => Client, skip: boolean): void {
  it('a username and an email can be taken only once', { skip }, async () => {
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

  it('of many who register one name at once exactly one gets it', { skip }, async () => {
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

  it('a name that its user gave up can be taken by another', { skip }, async () => {
    const api = client()
    const username = freshName()
    const token = await api.register(username)
    const changed = await api.call('PUT', '/api/user', { user: { username: freshName() } }, token)
    assert.equal(changed.status, 200)
    const user = { username, email: `second.${username}@example.com`, password }
    assert.equal((await api.call('POST', '/api/users', { user })).status, 201)
  })

  it('a change of a name to one that is taken changes nothing', { skip }, async () => {
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

function profileTests(client: () => Client): void {
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

function articleTests(client: () => Client): void {
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

const slugsOf = (body: { articles: { slug: string }[] }) => body.articles.map(({ slug }) => slug)

function listTests(client: () => Client): void {
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

function commentTests(client: () => Client): void {
  it('comments are shown newest first with who wrote them, and deleted by these alone', async () => {
    const api = client()
    const [author, guest] = [freshName(), freshName()]
    const [token, guestToken] = [await api.register(author), await api.register(guest)]
    const path = `/api/articles/${(await api.write(token)).slug}/comments`
    const say = async (text: string, as: string) =>
      (await api.call('POST', path, { comment: { body: text } }, as)).body.comment
    const first = await say('first ☕', guestToken)
    const second = await say('second', token)
    assert.ok(Number.isSafeInteger(first.id) && second.id > first.id)
    assert.deepEqual(first.author, { username: guest, bio: null, image: null, following: false })
    await api.call('POST', `/api/profiles/${guest}/follow`, undefined, token)
    const seen = (await api.get(path, token)).body.comments
    assert.deepEqual(seen, [second, { ...first, author: { ...first.author, following: true } }])
    const denied = await api.call('DELETE', `${path}/${first.id}`, undefined, token)
    assert.deepEqual([denied.status, denied.body], [403, { errors: { comment: ['forbidden'] } }])
    assert.equal(
      (await api.call('DELETE', `${path}/${first.id}`, undefined, guestToken)).status,
      204,
    )
    assert.deepEqual((await api.get(path)).body.comments, [second])
    for (const id of [first.id, '99', 'x', '99999999999999999999', '1.5', '%00']) {
      const gone = await api.call('DELETE', `${path}/${id}`, undefined, guestToken)
      assert.deepEqual([gone.status, gone.body], [404, { errors: { comment: ['not found'] } }])
    }
  })

  it('many comments at once all stay, each with an id of its own', async () => {
    const api = client()
    const token = await api.register(freshName())
    const path = `/api/articles/${(await api.write(token)).slug}/comments`
    const comment = (_: unknown, index: number) =>
      api.call('POST', path, { comment: { body: `${index}` } }, token)
    const answers = await Promise.all(Array.from({ length: 40 }, comment))
    assert.ok(answers.every(({ status }) => status === 201))
    const ids = new Set(answers.map(({ body }) => body.comment.id))
    assert.equal(ids.size, 40)
    assert.equal((await api.get(path)).body.comments.length, 40)
  })
}

function favoriteTests(client: () => Client): void {
  it('favouriting twice counts once, and so does taking it back', async () => {
    const api = client()
    const token = await api.register(freshName())
    const path = `/api/articles/${(await api.write(token)).slug}/favorite`
    const seen: unknown[] = []
    for (const method of ['POST', 'POST', 'DELETE', 'DELETE'] as const) {
      const { article } = (await api.call(method, path, undefined, token)).body
      seen.push([article.favorited, article.favoritesCount])
    }
    assert.deepEqual(seen, [
      [true, 1],
      [true, 1],
      [false, 0],
      [false, 0],
    ])
  })

  it('the count is exact after twenty users favour and disfavour at once', async () => {
    const api = client()
    const author = await api.register(freshName())
    const { slug } = await api.write(author)
    const path = `/api/articles/${slug}/favorite`
    const fans = await Promise.all(Array.from({ length: 20 }, () => api.register(freshName())))
    const change = (method: 'POST' | 'DELETE', fan: string) =>
      api.call(method, path, undefined, fan)
    const rush = fans.flatMap((fan) =>
      (['POST', 'POST', 'DELETE', 'POST'] as const).map((method) => change(method, fan)),
    )
    for (const answer of await Promise.all(rush)) assert.equal(answer.status, 200)
    const flags = await Promise.all(fans.map((fan) => api.get(`/api/articles/${slug}`, fan)))
    const favorited = flags.filter(({ body }) => body.article.favorited).length
    assert.equal(flags[0]?.body.article.favoritesCount, favorited)
    await Promise.all(fans.map((fan, index) => change(index < 7 ? 'POST' : 'DELETE', fan)))
    assert.equal((await api.get(`/api/articles/${slug}`)).body.article.favoritesCount, 7)
  })

  it('favouriting while the article is deleted ends with 200 or 404, never in a deadlock', async () => {
    const api = client()
    const author = await api.register(freshName())
    const fans = await Promise.all(Array.from({ length: 5 }, () => api.register(freshName())))
    for (let round = 0; round < 5; round++) {
      const path = `/api/articles/${(await api.write(author)).slug}`
      await api.call('POST', `${path}/favorite`, undefined, fans[0])
      const answers = await Promise.all([
        ...fans.map((fan, index) =>
          api.call(index === 0 ? 'DELETE' : 'POST', `${path}/favorite`, undefined, fan),
        ),
        api.call('DELETE', path, undefined, author),
      ])
      const statuses = new Set(answers.map(({ status }) => status))
      assert.ok(
        [...statuses].every((status) => [200, 204, 404].includes(status)),
        [...statuses].join(),
      )
    }
  })
}

function inputTests(client: () => Client): void {
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
