import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Data } from '../store/data.ts'
import { firstIdAt } from '../text/ids.ts'
import { LiveArticles, type LiveOptions } from './live-articles.ts'

type Query = {
  each(shard: unknown): Promise<unknown>
  combine(parts: readonly unknown[]): unknown
}
type Article = { readonly id: string; readonly slug: string }

/** Articles on several shards, and what was asked of them; the statements are told apart by their values. */
class Shards {
  readonly #shards: Article[][]
  looks = 0
  fails = false

  constructor(count = 1) {
    this.#shards = Array.from({ length: count }, () => [])
  }

  publish(slug: string, id: string, shard = 0): void {
    this.#shards[shard]?.push({ id, slug })
  }

  delete(slug: string): void {
    for (const shard of this.#shards) {
      const at = shard.findIndex((article) => article.slug === slug)
      if (at >= 0) shard.splice(at, 1)
    }
  }

  get data(): Data {
    const everywhere = async (query: Query): Promise<unknown> => {
      const scopes = this.#shards.map((rows) => ({ read: this.#reader(rows) }))
      const parts = await Promise.all(scopes.map((scope) => query.each(scope)))
      return { value: query.combine(parts) }
    }
    return { everywhere } as unknown as Data
  }

  #reader(rows: readonly Article[]) {
    return async (_text: TemplateStringsArray, ...values: unknown[]): Promise<unknown[]> => {
      await sleep(1)
      if (this.fails) throw new Error('no database')
      if (values.length === 2) {
        const wanted = values[1] as string[]
        return rows.filter(({ id }) => wanted.includes(id)).map(asPublished)
      }
      this.looks += 1
      const [from, to, limit] = values as [string, string, number]
      const found = rows.filter(({ id }) => id >= from && id < to)
      return found
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map(({ id }) => ({ author_id: id, id }))
    }
  }
}

const asPublished = ({ id, slug }: Article) => ({ id, slug, title: `T ${slug}`, author: 'me' })

const idOf = (atMs: number, n = 0): string =>
  firstIdAt(atMs).slice(0, -6) + String(n).padStart(6, '0')

type Told = { readonly slugs: string[]; readonly live: LiveArticles; stop(): void }

async function listen(shards: Shards, options: LiveOptions = {}): Promise<Told> {
  const live = new LiveArticles(shards.data, { intervalMs: 5, ...options })
  await live.open()
  const slugs: string[] = []
  live.listen((message) => slugs.push(JSON.parse(message).slug))
  return { slugs, live, stop: () => live.close() }
}

const look = (): Promise<void> => sleep(40)

it('an article is told once, in the shape that clients know, and none from before', async () => {
  const shards = new Shards(2)
  shards.publish('old', idOf(Date.now()))
  const messages: string[] = []
  const live = new LiveArticles(shards.data, { intervalMs: 5 })
  await live.open()
  live.listen((message) => messages.push(message))
  shards.publish('new', idOf(Date.now(), 1), 1)
  await look()
  assert.deepEqual(
    messages.map((text) => JSON.parse(text)),
    [{ type: 'article', slug: 'new', title: 'T new', author: 'me' }],
  )
  live.close()
})

it('an article that shows late, or comes from a web server whose clock is off, is told all the same', async () => {
  const shards = new Shards()
  const { slugs, stop } = await listen(shards)
  shards.publish('now', idOf(Date.now()))
  await look()
  shards.publish('late', idOf(Date.now() - 20_000))
  shards.publish('ahead', idOf(Date.now() + 20_000))
  await look()
  shards.publish('after', idOf(Date.now(), 1))
  await look()
  assert.deepEqual(slugs, ['now', 'late', 'ahead', 'after'])
  stop()
})

it('what is published while the database cannot be read is told afterwards, however long that was', async () => {
  const shards = new Shards()
  let nowMs = Date.now()
  const { slugs, stop } = await listen(shards, { nowMs: () => nowMs })
  shards.fails = true
  shards.publish('unseen', idOf(nowMs))
  await look()
  nowMs += 120_000
  await look()
  shards.fails = false
  await look()
  assert.deepEqual(slugs, ['unseen'])
  stop()
})

it('of a flood the newest are told, and what was left out does not come up when they are deleted', async () => {
  const shards = new Shards(2)
  const { slugs, stop } = await listen(shards, { articlesMax: 3, intervalMs: 20 })
  const now = Date.now()
  for (let n = 0; n < 10; n += 1) shards.publish(`a${n}`, idOf(now, n), n % 2)
  await sleep(80)
  assert.deepEqual(slugs, ['a7', 'a8', 'a9'])
  shards.delete('a8')
  shards.delete('a9')
  await sleep(80)
  assert.deepEqual(slugs, ['a7', 'a8', 'a9'])
  shards.publish('next', idOf(now, 11))
  await sleep(80)
  assert.deepEqual(slugs.slice(3), ['next'])
  stop()
})

it('many who listen share one look, and nobody looks for nobody', async () => {
  const shards = new Shards()
  let nowMs = Date.now()
  const live = new LiveArticles(shards.data, { intervalMs: 20, nowMs: () => nowMs })
  await Promise.all(Array.from({ length: 100 }, () => live.open()))
  assert.ok(shards.looks <= 2, `${shards.looks} looks`)
  const ends = Array.from({ length: 100 }, () => live.listen(() => {}))
  await sleep(100)
  assert.ok(shards.looks <= 8, `${shards.looks} looks`)
  nowMs += 10_000
  for (const end of ends) end()
  await sleep(60)
  const before = shards.looks
  shards.publish('unheard', idOf(nowMs))
  await sleep(100)
  assert.equal(shards.looks, before)
  const slugs: string[] = []
  await live.open()
  live.listen((message) => slugs.push(message))
  await sleep(60)
  assert.deepEqual(slugs, [], 'what was published meanwhile is not from then on')
  live.close()
})
