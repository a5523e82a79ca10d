import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choose } from './choose.ts'
import { Kept } from './kept.ts'
import { Latency } from './latency.ts'

/*
 * Readers who pause between two reads, and servers that take some time for each: who is asked how often is
 * played through in time that is only counted.
 */

type Random = () => number
/** What a read takes that begins now. */
type Takes = (nowMs: number, random: Random) => number
type Server = {
  readonly at: number
  readonly latency: Latency
  readonly takes: Takes
  inFlight: number
}
type Moment = { readonly atMs: number; readonly happens: (nowMs: number) => void }

/** A sequence that looks random and is the same each time. */
function seeded(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What happens, one after the other, until `endMs`. */
function play(moments: Moment[], endMs: number): void {
  for (;;) {
    let next = 0
    for (const [at, { atMs }] of moments.entries()) {
      if (atMs < (moments[next] as Moment).atMs) next = at
    }
    const [moment] = moments.splice(next, 1)
    if (moment === undefined || moment.atMs > endMs) return
    moment.happens(moment.atMs)
  }
}

/** Who was asked, read by read, with the time of it. */
function asked(takes: readonly Takes[], seed: number, endMs: number, readers = 16) {
  const random = seeded(seed)
  const kept = new Kept<Server>()
  const servers = takes.map((one, at) => ({ at, latency: new Latency(), takes: one, inFlight: 0 }))
  const log: { readonly at: number; readonly nowMs: number }[] = []
  const moments: Moment[] = []
  const read = (nowMs: number): void => {
    const server = kept.at(nowMs) ?? kept.keep(choose(servers, nowMs, random), nowMs)
    assert.ok(server !== null)
    log.push({ at: server.at, nowMs })
    server.latency.asked(nowMs)
    server.inFlight += 1
    const answered = (thenMs: number): void => {
      server.inFlight -= 1
      server.latency.observe(thenMs - nowMs, thenMs)
      moments.push({ atMs: thenMs + 20, happens: read })
    }
    moments.push({ atMs: nowMs + server.takes(nowMs, random), happens: answered })
  }
  for (let reader = 0; reader < readers; reader += 1)
    moments.push({ atMs: random(), happens: read })
  play(moments, endMs)
  return log
}

/** The smallest part that one of two had in a thousand reads that follow each other. */
function leastOf(log: readonly { readonly at: number }[]): number {
  let [first, least] = [0, 1]
  for (const [index, { at }] of log.entries()) {
    if (at === 0) first += 1
    if (log[index - 1_000]?.at === 0) first -= 1
    if (index >= 999) least = Math.min(least, first / 1_000, 1 - first / 1_000)
  }
  return least
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

/** Between 1 and `spread` ms, and now and then much more, as on a machine that has too much to do. */
const noisy =
  (spread: number, stall: number): Takes =>
  (_nowMs, random) =>
    1 + random() ** 2 * spread + (random() < 0.03 ? random() * stall : 0)

for (const [name, takes] of Object.entries({
  'a quiet machine': noisy(1, 5),
  'a busy machine': noisy(10, 60),
  'a machine that has far too much to do': noisy(40, 300),
})) {
  test(`two servers that are alike have a quarter of any thousand reads at least, on ${name}`, () => {
    const parts = seeds.map((seed) => leastOf(asked([takes, takes], seed, 40_000)))
    assert.ok(Math.min(...parts) >= 0.25, parts.join())
  })
}

for (const [times, most] of [
  [2, 0.45],
  [10, 0.08],
] as const) {
  test(`a server that takes ${times} times as long gets a smaller part`, () => {
    const fast = noisy(2, 10)
    const slow: Takes = (nowMs, random) => times * fast(nowMs, random)
    for (const seed of seeds) {
      const log = asked([slow, fast], seed, 20_000)
      const part = log.filter(({ at }) => at === 0).length / log.length
      assert.ok(part > 0 && part <= most, `${part}`)
    }
  })
}

test('a server that stands still gets a read now and then, and has its part again afterwards', () => {
  const usual = noisy(2, 10)
  const stalls: Takes = (nowMs, random) =>
    (nowMs > 5_000 && nowMs < 10_000 ? 10_000 - nowMs : 0) + usual(nowMs, random)
  for (const seed of seeds) {
    const log = asked([stalls, usual], seed, 20_000, 100)
    const during = log.filter(({ nowMs }) => nowMs > 5_000 && nowMs < 10_000)
    const there = during.filter(({ at }) => at === 0).length
    assert.ok(during.length > 10_000)
    // Those who came before anybody could know (24, or as many as wait elsewhere), and one in half a second.
    assert.ok(there <= 50, `${there} of ${during.length}`)
    const after = log.filter(({ nowMs }) => nowMs > 11_000)
    const part = after.filter(({ at }) => at === 0).length / after.length
    assert.ok(part > 0.4 && part < 0.6, `${part}`)
  }
})

test('two servers whose first reads after a pause take long have a part of any thousand reads', () => {
  const sleepy = (): Takes => {
    const awake = noisy(4, 40)
    let lastMs = 0
    return (nowMs, random) => {
      const isAsleep = nowMs - lastMs > 15
      lastMs = nowMs
      return awake(nowMs, random) + (isAsleep ? 10 + random() * 10 : 0)
    }
  }
  const parts = seeds.map((seed) => leastOf(asked([sleepy(), sleepy()], seed, 40_000)))
  assert.ok(Math.min(...parts) >= 0.2, parts.join())
})
