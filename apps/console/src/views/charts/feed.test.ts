import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { MetricQuery } from '@banyan/store/api'
import { Feed } from './feed.ts'

const ask = { metric: 'banyan_node_up', fn: 'sum' } as const
const windowTo = (to: number) => ({ from: to - 60_000, to, stepMs: 1000 })

/** A server that answers each moment with its own second, or with what the test says. */
const asked: MetricQuery[] = []
let failing = false
const realFetch = globalThis.fetch

beforeEach(() => {
  asked.length = 0
  failing = false
  globalThis.fetch = async (_path, init) => {
    if (failing) return new Response('{}', { status: 503 })
    const query = JSON.parse(String(init?.body)) as MetricQuery
    asked.push(query)
    const count = (query.to - query.from) / query.stepMs
    const values = Array.from({ length: count }, (_, i) => query.from / 1000 + i)
    return Response.json({ stepMs: query.stepMs, series: [{ labels: {}, values }] })
  }
})
afterEach(() => {
  globalThis.fetch = realFetch
})

const valuesOf = (feed: Feed) => feed.state.value.known?.answer.series[0]?.values ?? []

describe('a feed', () => {
  it('asks only for what is new, and for the newest moments again', async () => {
    const feed = new Feed(ask)
    await feed.refresh(windowTo(100_000))
    await feed.refresh(windowTo(102_000))
    assert.deepEqual(
      asked.map(({ from, to }) => [from, to]),
      [
        [40_000, 100_000],
        [90_000, 102_000],
      ],
    )
    assert.deepEqual(
      valuesOf(feed),
      Array.from({ length: 60 }, (_, i) => 42 + i),
    )
  })

  it('asks for everything when the step is another, or the window lies elsewhere', async () => {
    const feed = new Feed(ask)
    await feed.refresh(windowTo(100_000))
    await feed.refresh({ from: 0, to: 600_000, stepMs: 10_000 })
    await feed.refresh(windowTo(100_000))
    assert.deepEqual(
      asked.map(({ from }) => from),
      [40_000, 0, 40_000],
    )
  })

  it('asks nothing twice', async () => {
    const feed = new Feed(ask)
    await feed.refresh(windowTo(100_000))
    await feed.refresh(windowTo(100_000))
    assert.equal(asked.length, 1)
  })

  it('lets time go on while nobody answers: what was known moves, what is new is a gap', async () => {
    const feed = new Feed(ask)
    await feed.refresh(windowTo(100_000))
    failing = true
    await feed.refresh(windowTo(103_000))
    await feed.refresh(windowTo(104_000))
    assert.equal(feed.state.value.error?.status, 503)
    assert.equal(valuesOf(feed)[0], 44)
    assert.deepEqual(valuesOf(feed).slice(-5), [99, null, null, null, null])
  })

  it('asks for all of the window after a silence, in which the store may have gone on', async (t) => {
    const feed = new Feed(ask)
    await feed.refresh(windowTo(100_000))
    failing = true
    await feed.refresh(windowTo(103_000))
    failing = false
    const begun = performance.now()
    t.mock.method(performance, 'now', () => begun + 3000)
    await feed.refresh(windowTo(120_000))
    assert.equal(asked.at(-1)?.from, 60_000)
    assert.equal(valuesOf(feed).includes(null), false)
    assert.equal(feed.state.value.error, null)
  })
})
