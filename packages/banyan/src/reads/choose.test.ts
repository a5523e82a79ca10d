import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Candidate, choose } from './choose.ts'
import { Latency } from './latency.ts'

/** A sequence that looks random and is the same each time. */
function seeded(seed = 1): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

type Server = Candidate & { readonly name: string }

function server(name: string, tookMs: number, inFlight = 0): Server {
  const latency = new Latency()
  for (let reads = 0; reads < 100; reads += 1) latency.observe(tookMs, 0)
  latency.asked(0)
  return { name, latency, inFlight }
}

function shares(servers: readonly Server[], nowMs = 0): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(servers.map(({ name }) => [name, 0]))
  const random = seeded()
  for (let reads = 0; reads < 10_000; reads += 1) {
    const { name } = choose(servers, nowMs, random) as Server
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

test('nobody is chosen from nobody, and the only one from one', () => {
  assert.equal(choose([], 0, Math.random), null)
  assert.equal((choose([server('a', 1)], 0, Math.random) as Server).name, 'a')
})

test('of three the two better ones share the reads, and the worst gets none', () => {
  const counts = shares([server('a', 1), server('b', 1.1), server('slow', 20)])
  assert.equal(counts.slow, 0)
  assert.ok((counts.a ?? 0) > 5_500 && (counts.b ?? 0) > 2_500, JSON.stringify(counts))
})

test('who has much under way is spared', () => {
  const counts = shares([server('a', 1, 0), server('busy', 1, 9)])
  assert.equal(counts.busy, 0)
})

test('a server that was slow is tried again after a while', () => {
  const slow = server('slow', 20)
  const fast = server('fast', 1)
  for (let reads = 0; reads < 10; reads += 1) fast.latency.observe(1, 60_000)
  assert.equal(shares([slow, fast], 100).slow, 0)
  assert.ok((shares([slow, fast], 60_000).slow ?? 0) > 0)
})

test('who was slow once is asked again within a second, once, and shares the reads again', () => {
  const [slow, fast] = [server('slow', 1), server('fast', 1)]
  slow.latency.observe(1_000, 0)
  const random = seeded()
  const asked: number[] = []
  for (let nowMs = 0; nowMs < 2_000; nowMs += 10) {
    const drawn = choose([slow, fast], nowMs, random) as Server
    drawn.latency.asked(nowMs)
    // It answers only after a while: nobody else is sent there meanwhile.
    if (drawn === fast) fast.latency.observe(1, nowMs)
    else if (asked.push(nowMs) > 1) slow.latency.observe(1, nowMs)
  }
  const [first = 0, second = 0, ...others] = asked
  assert.ok(first <= 500 && second - first >= 500 && second <= 1_100, asked.join())
  assert.ok(others.length > 20, asked.join())
})

test('who is slow gets one read now and then', () => {
  const [slow, fast] = [server('slow', 100), server('fast', 1)]
  const random = seeded()
  let asked = 0
  for (let nowMs = 0; nowMs < 10_000; nowMs += 1) {
    const drawn = choose([slow, fast], nowMs, random) as Server
    drawn.latency.asked(nowMs)
    drawn.latency.observe(drawn === slow ? 100 : 1, nowMs)
    if (drawn === slow) asked += 1
  }
  assert.ok(asked >= 15 && asked <= 25, `${asked} of 10000`)
})

test('one slow answer is noticed at once', () => {
  const latency = new Latency()
  for (let reads = 0; reads < 100; reads += 1) latency.observe(1, 0)
  latency.observe(100, 0)
  assert.ok(latency.expectedMs(0) > 50)
})
