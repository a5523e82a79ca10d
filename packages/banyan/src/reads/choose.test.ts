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

test('one slow answer is noticed at once', () => {
  const latency = new Latency()
  for (let reads = 0; reads < 100; reads += 1) latency.observe(1, 0)
  latency.observe(100, 0)
  assert.ok(latency.expectedMs(0) > 50)
})
