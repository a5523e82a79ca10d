import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Client, freshName } from '../client.ts'

export function commentTests(client: () => Client): void {
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
