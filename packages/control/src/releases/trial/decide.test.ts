import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heavy, type Manner, seeded, simulateTrial, slowly, usual } from './test-trials.ts'

const failing =
  (rate: number, time: (random: () => number) => number = usual): Manner =>
  (random) => ({ ms: time(random), failed: random() < rate })

/** Now and then everything stands still for a moment, whoever is asked. */
const stalling: Manner = (random, atMs) => {
  const stalled = atMs % 4_000 < 300
  return { ms: usual(random) + (stalled ? 300 * random() : 0), failed: stalled && random() < 0.3 }
}

/** Slow until its code is compiled and its connections are open, on a busy machine. */
const cold: Manner = (random, atMs) => {
  const warmth = Math.min(1, atMs / 5_000)
  return { ms: usual(random) * (8 - 7 * warmth) + (random() > warmth ? 60 : 0), failed: false }
}

/** Stands still once, alone, and fails whoever came meanwhile: somebody else took the processor. */
const stumbling: Manner = (random, atMs) => {
  const stumbles = atMs > 6_000 && atMs < 6_400
  return { ms: usual(random) + (stumbles ? 400 * random() : 0), failed: stumbles && random() < 0.7 }
}

/** Equal releases: whoever accuses one of these is wrong. */
const equals: Readonly<Record<string, readonly [Manner, Manner]>> = {
  'no failures': [failing(0), failing(0)],
  'a failure now and then': [failing(0.002), failing(0.002)],
  'many failures': [failing(0.05), failing(0.05)],
  'a tail without end': [failing(0.01, heavy), failing(0.01, heavy)],
  'two kinds of requests': [
    failing(0, (random) => (random() < 0.04 ? 250 : 5)),
    failing(0, (random) => (random() < 0.04 ? 250 : 5)),
  ],
  'rare and very slow requests': [
    failing(0, (random) => (random() < 0.012 ? 2_000 * random() : 5)),
    failing(0, (random) => (random() < 0.012 ? 2_000 * random() : 5)),
  ],
  'stalls of everybody': [stalling, stalling],
  'a cold start': [failing(0), cold],
  'a moment in which the new one stumbles': [failing(0), stumbling],
}

/** Where the kernel shares out, the new process can get nearly all of them. */
const shares = [0.1, 0.5, 0.9]
const rates = [300, 60, 12]
/** In a soak 10,000, each time others. */
const rounds = Number(process.env.BANYAN_TRIAL_ROUNDS ?? 1_000)
const firstSeed = Number(process.env.BANYAN_SEED ?? 0)

test('equal releases are accused less than once in 1,000 trials', (t) => {
  const names = Object.keys(equals)
  const accused: string[] = []
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const name = names[seed % names.length] as string
    const [old, next] = equals[name] as readonly [Manner, Manner]
    const share = shares[(seed >> 3) % shares.length] as number
    const rate = rates[(seed >> 4) % rates.length] as number
    const { end, sentence } = simulateTrial({ old, next, rate, share }, seeded(seed))
    if (end === 'worse') accused.push(`seed ${seed}, ${name} at ${rate}/s, ${share}: ${sentence}`)
  }
  t.diagnostic(`${accused.length} of ${rounds} equal releases accused, from seed ${firstSeed} on`)
  assert.ok(accused.length < rounds / 1_000 + 1, accused.slice(0, 10).join('\n'))
})

/** Worse releases, with how many of a hundred must be found at 300 requests a second. */
const worse: readonly (readonly [string, Manner, Manner, number])[] = [
  ['5% errors', failing(0), failing(0.05), 100],
  ['5% errors more than 1%', failing(0.01), failing(0.06), 90],
  ['every request slow by 300 ms', failing(0), failing(0, (random) => usual(random) + 300), 100],
  [
    'every tenth request slow by 300 ms',
    failing(0),
    failing(0, (random) => usual(random) + (random() < 0.1 ? 300 : 0)),
    100,
  ],
  [
    'a second slower than a tail without end',
    failing(0, heavy),
    failing(0, (random) => heavy(random) + 1_000),
    90,
  ],
]

for (const [name, old, next, least] of worse) {
  for (const share of shares) {
    test(`${name} is found on ${share * 100}% of the requests`, (t) => {
      let found = 0
      let requests = 0
      for (let seed = 0; seed < 100; seed++) {
        const { end, elapsedMs } = simulateTrial({ old, next, rate: 300, share }, seeded(seed))
        if (end === 'worse') found += 1
        requests += elapsedMs * 0.3 * share
      }
      t.diagnostic(`${found} of 100 found, after ${Math.round(requests / 100)} requests each`)
      assert.ok(found >= least, `${found} of 100`)
    })
  }
}

test('failures are found although the new one gets every request', () => {
  for (let seed = 0; seed < 20; seed++) {
    const trial = { old: failing(0), next: failing(0.05), rate: 300, share: 1, before: 300 }
    const { end, sentence } = simulateTrial(trial, seeded(seed))
    assert.equal(end, 'worse', sentence)
  }
  const fine = { old: failing(0), next: failing(0), rate: 300, share: 1, before: 300 }
  assert.equal(simulateTrial(fine, seeded(1)).end, 'passed')
})

test('failures are found although the new one gets every request after some seconds', () => {
  const greedy = (atMs: number) => (atMs < 6_000 ? 0.05 : 0.998)
  for (let seed = 0; seed < 20; seed++) {
    const trial = { old: failing(0), next: failing(0.05), rate: 300, share: greedy, before: 300 }
    const { end, sentence, elapsedMs } = simulateTrial(trial, seeded(seed))
    assert.equal(end, 'worse', sentence)
    assert.ok(elapsedMs < 20_000, `${elapsedMs} ms`)
    const fine = { ...trial, next: failing(0) }
    assert.equal(simulateTrial(fine, seeded(seed)).end, 'passed')
  }
})

test('with too few requests a release passes, and that is said', () => {
  const trial = { old: failing(0), next: failing(0), rate: 10, share: 0.1 }
  const { end, verdict, sentence } = simulateTrial(trial, seeded(1))
  assert.deepEqual([end, verdict], ['passed', 'unsure'])
  assert.match(sentence, /^answered \d+ requests and the release before \d+, which are too few/)
})

test('where nobody asks for anything, nobody waits', () => {
  const trial = { old: failing(0), next: failing(0), rate: 0, share: 0.1 }
  const { end, elapsedMs } = simulateTrial(trial, seeded(1))
  assert.deepEqual([end, elapsedMs], ['passed', 5_000])
})

test('a sentence has the figures of both', () => {
  const trial = { old: failing(0), next: failing(0.08), rate: 300, share: 0.1 }
  const { sentence } = simulateTrial(trial, seeded(3))
  assert.match(
    sentence,
    /^failed \d+ of [\d,]+ requests \(\d+(\.\d)?%\), the release before 0 of [\d,]+$/,
  )
})

/** What fails whoever is asked, besides what the new release fails by itself. */
const alike: Readonly<Record<string, (atMs: number) => number>> = {
  'nothing else': () => 0,
  '2% of everything': () => 0.02,
  'three seconds of an outage': (atMs) => (atMs > 6_000 && atMs < 9_000 ? 1 : 0),
  'half of it in bursts': (atMs) => (atMs % 5_000 < 500 ? 0.5 : 0),
}

const besides =
  (failing: (atMs: number) => number, more: number): Manner =>
  (random, atMs) => ({ ms: usual(random), failed: random() < failing(atMs) || random() < more })

/** With how many answers of the new one a second: fewer than these do not tell so much in two minutes. */
const slowRates: readonly (readonly [string, number])[] = [
  ['nothing else', 30],
  ['nothing else', 60],
  ['nothing else', 120],
  ['2% of everything', 120],
  ['three seconds of an outage', 120],
  ['half of it in bursts', 300],
]
const slowRounds = Math.max(40, Math.ceil(rounds / 25))

for (const [name, rate] of slowRates) {
  test(`on a slow machine, at ${rate} requests a second and with ${name} failing: 5% errors are found or said to be unknown, and equal ones pass`, (t) => {
    const failing = alike[name] as (atMs: number) => number
    const trial = { old: besides(failing, 0), rate, share: 0.1, looking: slowly }
    const outcomes = { found: 0, unsure: 0, missed: 0, accused: 0 }
    for (let seed = firstSeed; seed < firstSeed + slowRounds; seed++) {
      const bad = simulateTrial({ ...trial, next: besides(failing, 0.05) }, seeded(seed))
      if (bad.end === 'worse') outcomes.found++
      else if (bad.verdict === 'unsure') outcomes.unsure++
      else outcomes.missed++
      const fine = simulateTrial({ ...trial, next: besides(failing, 0) }, seeded(seed + 1e6))
      if (fine.end === 'worse') outcomes.accused++
    }
    t.diagnostic(`of ${slowRounds}: ${JSON.stringify(outcomes)}`)
    const { unsure, missed, accused } = outcomes
    // Rarely one is missed: two of 8,000 where 2% of everything fails. A few seeds may meet it once.
    assert.ok(missed < slowRounds / 1_000 + 1, JSON.stringify(outcomes))
    assert.ok(accused < slowRounds / 200 + 1, JSON.stringify(outcomes))
    assert.ok(unsure <= slowRounds / 10, JSON.stringify(outcomes))
  })
}
