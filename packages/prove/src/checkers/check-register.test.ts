import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RegisterOperation, Value } from '../history/operation.ts'
import { cpuNow } from '../testing/cpu-now.ts'
import { baseSeed, below, seededRandom } from '../testing/random.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { tryAllOrders } from '../testing/try-all-orders.ts'
import { checkRegister } from './check-register.ts'

type Rough = readonly [
  f: 'write' | 'read',
  value: Value | null,
  from: number,
  to: number | null,
  outcome?: 'fail',
]

/** Operations as [what, value, from, to]; without an end the answer was lost. */
const historyOf = (...rough: readonly Rough[]): RegisterOperation[] =>
  rough.map(([f, value, invokedMs, completedMs, outcome], index) => ({
    process: index,
    index,
    key: 'k',
    f,
    value,
    invokedMs,
    completedMs,
    outcome: outcome ?? (completedMs === null ? 'info' : 'ok'),
  }))

const kindsOf = (...rough: readonly Rough[]) =>
  checkRegister(historyOf(...rough)).anomalies.map(({ kind }) => kind)

test('a read that overlaps a write shows the old value or the new one', () => {
  for (const value of [1, 2]) {
    assert.deepEqual(kindsOf(['write', 1, 0, 1], ['write', 2, 2, 9], ['read', value, 3, 4]), [])
  }
})

test('a read that began after an acknowledgement and shows the older value is stale', () => {
  assert.deepEqual(kindsOf(['write', 1, 0, 1], ['write', 2, 2, 3], ['read', 1, 4, 5]), ['stale'])
  assert.deepEqual(kindsOf(['write', 1, 0, 1], ['read', null, 2, 3]), ['stale'])
})

test('what one read has shown, a later one shows too, though the write was never answered', () => {
  assert.deepEqual(
    kindsOf(['write', 1, 0, 1], ['write', 2, 2, null], ['read', 2, 3, 4], ['read', 1, 5, 6]),
    ['stale'],
  )
})

test('a write without an answer may happen late, or never', () => {
  assert.deepEqual(
    kindsOf(['write', 1, 0, null], ['write', 2, 2, 3], ['read', 2, 4, 5], ['read', 1, 6, 7]),
    [],
  )
  assert.deepEqual(kindsOf(['write', 1, 0, null], ['read', null, 50, 51]), [])
})

test('a refused write that shows up is a phantom, and so is a value from nowhere or the future', () => {
  assert.deepEqual(kindsOf(['write', 1, 0, 1, 'fail'], ['read', 1, 2, 3]), ['phantom'])
  assert.deepEqual(kindsOf(['read', 7, 2, 3]), ['phantom'])
  assert.deepEqual(kindsOf(['read', 1, 0, 1], ['write', 1, 2, 3]), ['phantom'])
})

test('two reads that see two concurrent writes in opposite orders are told apart', () => {
  assert.deepEqual(
    kindsOf(
      ['write', 1, 0, 9],
      ['write', 2, 0, 9],
      ['read', 1, 1, 2],
      ['read', 2, 3, 4],
      ['read', 1, 5, 6],
    ),
    ['stale'],
  )
})

test('a value that is missing after the run is lost once, in a sentence that says what and when', () => {
  const history = historyOf(
    ['write', 1, 0, 1],
    ['write', 2, 2, 3],
    ['read', 1, 10, 11],
    ['read', 1, 12, 13],
  )
  const { ok, anomalies } = checkRegister(
    history.map((each) => (each.f === 'read' ? { ...each, final: true } : each)),
  )
  assert.equal(ok, false)
  assert.deepEqual(
    anomalies.map(({ kind, sentence }) => [kind, sentence]),
    [['lost', 'k: 2 was acknowledged by 0.003 s, but after the run 1 was shown.']],
  )
  assert.deepEqual(
    anomalies[0]?.operations.map(({ index }) => index),
    [0, 1, 2],
  )
})

test('a deletion is a write of nothing, and may come again and again', () => {
  const right: Rough[] = [
    ['write', 1, 0, 1],
    ['write', null, 2, 3],
    ['read', null, 4, 5],
    ['write', 2, 6, 7],
    ['write', null, 8, 9],
  ]
  assert.deepEqual(kindsOf(...right, ['read', null, 10, 11]), [])
  assert.deepEqual(kindsOf(...right, ['read', 2, 10, 11]), ['stale'])
  assert.deepEqual(kindsOf(['write', null, 0, 1], ['write', 2, 2, 3], ['read', null, 4, 5]), [
    'stale',
  ])
})

/** The state is wrapped, since a register that holds nothing is a state too. */
const isLinearizable = (history: readonly RegisterOperation[]): boolean =>
  tryAllOrders(history, { value: null as Value | null }, (state, { f, value, outcome }) => {
    if (f === 'write') return { value }
    return outcome === 'ok' && value === state.value ? state : null
  })

/** A correct register under clients, then with some reads changed to what was written at some time. */
function randomHistory(
  seed: number,
  { values, mutations }: { values: 'unique' | 'few'; mutations: number },
) {
  const random = seededRandom(seed)
  let [value, next]: [Value | null, number] = [null, 0]
  const history: RegisterOperation[] = simulateClients(
    { random, clients: 3, operations: 4 + below(random, 6), infoShare: 0.15, failShare: 0.1 },
    (_process, times) => {
      if (random() < 0.5) return { ...times, key: 'k', f: 'read', value }
      next += 1
      const written = values === 'unique' ? next : random() < 0.4 ? null : below(random, 2)
      if (times.outcome !== 'fail') value = written
      return { ...times, key: 'k', f: 'write', value: written }
    },
  )
  for (let left = mutations; left > 0; left -= 1) {
    const at = below(random, history.length)
    const read = history[at] as RegisterOperation
    if (read.f === 'read')
      history[at] = {
        ...read,
        value: values === 'unique' ? below(random, next + 1) || null : below(random, 3) || null,
      }
  }
  return history
}

for (const values of ['unique', 'few'] as const) {
  test(`it says of thousands of small histories with ${values} values what trying all orders says`, (t) => {
    const counts = { right: 0, wrong: 0 }
    for (let seed = baseSeed() * 100_000, last = seed + 4_000; seed < last; seed += 1) {
      const history = randomHistory(seed, { values, mutations: seed % 3 })
      const expected = isLinearizable(history)
      counts[expected ? 'right' : 'wrong'] += 1
      assert.equal(checkRegister(history).ok, expected, `seed ${seed}: ${JSON.stringify(history)}`)
      if (seed % 3 === 0) assert.ok(expected, `the simulated register is correct, seed ${seed}`)
    }
    t.diagnostic(`${counts.right} right, ${counts.wrong} wrong`)
    assert.ok(counts.right > 500 && counts.wrong > 500)
  })
}

test('100,000 operations are judged in seconds, on one key and on many', (t) => {
  for (const keys of [1, 1_000]) {
    const random = seededRandom(baseSeed())
    const stored = new Map<string, Value>()
    let next = 0
    const history: RegisterOperation[] = simulateClients(
      { random, clients: 20, operations: 100_000, infoShare: 0.01, failShare: 0.01 },
      (_process, times) => {
        const key = `k${below(random, keys)}`
        if (random() < 0.5) return { ...times, key, f: 'read', value: stored.get(key) ?? null }
        next += 1
        if (times.outcome !== 'fail') stored.set(key, next)
        return { ...times, key, f: 'write', value: next }
      },
    )
    const began = cpuNow()
    assert.deepEqual(checkRegister(history), { ok: true, anomalies: [] })
    t.diagnostic(`${keys} keys: ${Math.round(cpuNow() - began)} ms`)
    assert.ok(cpuNow() - began < 10_000)
  }
})
