import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Client, freshName } from '../client.ts'

export function favoriteTests(client: () => Client): void {
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
