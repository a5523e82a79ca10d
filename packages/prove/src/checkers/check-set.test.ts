import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SetOperation, Value } from '../history/operation.ts'
import { cpuNow } from '../testing/cpu-now.ts'
import { baseSeed, below, pick, seededRandom } from '../testing/random.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { tryAllOrders } from '../testing/try-all-orders.ts'
import { checkSet } from './check-set.ts'

type Rough = readonly [
  f: 'add' | 'remove' | 'read' | 'final',
  value: Value | readonly Value[],
  from: number,
  to: number | null,
  more?: Partial<SetOperation>,
]

/** Operations as [what, value, from, to]; without an end the answer was lost. */
const historyOf = (...rough: readonly Rough[]): SetOperation[] =>
  rough.map(
    ([f, value, invokedMs, completedMs, more], index) =>
      ({
        process: index,
        index,
        key: 'k',
        f: f === 'final' ? 'read' : f,
        value,
        invokedMs,
        completedMs,
        outcome: completedMs === null ? 'info' : 'ok',
        ...(f === 'final' ? { final: true } : {}),
        ...more,
      }) as SetOperation,
  )

const kindsOf = (...rough: readonly Rough[]) =>
  checkSet(historyOf(...rough)).anomalies.map(({ kind }) => kind)

test('an element is there from its acknowledgement on', () => {
  assert.deepEqual(kindsOf(['add', 1, 0, 5], ['read', [], 2, 3], ['read', [1], 6, 7]), [])
  assert.deepEqual(kindsOf(['add', 1, 0, 1], ['read', [], 2, 3], ['final', [1], 8, 9]), ['stale'])
})

test('an element that is missing after the run is lost once', () => {
  const { anomalies } = checkSet(
    historyOf(['add', 1, 0, 1], ['add', 2, 0, 1], ['final', [2], 8, 9], ['final', [2], 10, 11]),
  )
  assert.deepEqual(
    anomalies.map(({ kind, sentence }) => [kind, sentence]),
    [['lost', 'k: 1 was acknowledged by 0.001 s, but after the run not shown.']],
  )
})

test('an element that a read has shown stays, though its add was never answered', () => {
  assert.deepEqual(kindsOf(['add', 1, 0, null], ['final', [], 8, 9]), [])
  assert.deepEqual(kindsOf(['add', 1, 0, null], ['read', [1], 2, 3], ['final', [], 8, 9]), ['lost'])
})

test('an element that is shown more often than it was added is doubled', () => {
  assert.deepEqual(kindsOf(['add', 1, 0, 1], ['read', [1, 1], 2, 3], ['final', [1, 1], 8, 9]), [
    'doubled',
  ])
  assert.deepEqual(kindsOf(['add', 1, 0, 1], ['add', 1, 2, null], ['final', [1, 1], 8, 9]), [])
  assert.deepEqual(kindsOf(['add', 1, 0, null], ['final', [1, 1], 8, 9]), ['doubled'])
})

test('what was refused, never added, or not added yet is a phantom when it is shown', () => {
  assert.deepEqual(kindsOf(['add', 1, 0, 1, { outcome: 'fail' }], ['final', [1], 8, 9]), [
    'phantom',
  ])
  assert.deepEqual(kindsOf(['final', [1], 8, 9]), ['phantom'])
  assert.deepEqual(kindsOf(['read', [1], 0, 1], ['add', 1, 2, 3], ['final', [1], 8, 9]), [
    'phantom',
  ])
})

test('what was removed with an acknowledgement does not come back', () => {
  const removed: Rough[] = [
    ['add', 1, 0, 1],
    ['remove', 1, 2, 3],
  ]
  assert.deepEqual(kindsOf(...removed, ['final', [], 8, 9]), [])
  assert.deepEqual(kindsOf(...removed, ['final', [1], 8, 9]), ['reappeared'])
  assert.deepEqual(kindsOf(...removed, ['read', [1], 4, 5], ['final', [], 8, 9]), ['stale'])
})

test('a removal without an answer may have happened or not, but not come and go', () => {
  const removed: Rough[] = [
    ['add', 1, 0, 1],
    ['remove', 1, 2, null],
  ]
  for (const shown of [[], [1]]) assert.deepEqual(kindsOf(...removed, ['final', shown, 8, 9]), [])
  assert.deepEqual(kindsOf(...removed, ['read', [], 4, 5], ['read', [1], 6, 7]), ['stale'])
})

test('a read that asked about some elements says nothing of the others', () => {
  const added: Rough[] = [
    ['add', 1, 0, 1],
    ['add', 2, 0, 1],
  ]
  assert.deepEqual(kindsOf(...added, ['final', [1], 8, 9, { among: [1] }]), [])
  assert.deepEqual(kindsOf(...added, ['final', [1], 8, 9, { among: [1, 2] }]), ['lost'])
})

/** The history of one element, in which a read only says whether it was there. */
const isExplained = (history: readonly SetOperation[], value: Value): boolean =>
  tryAllOrders(
    history.filter((operation) => operation.f === 'read' || operation.value === value),
    { isThere: false },
    (state, operation) => {
      if (operation.f !== 'read') return { isThere: operation.f === 'add' }
      return operation.outcome === 'ok' && operation.value.includes(value) === state.isThere
        ? state
        : null
    },
  )

/** A correct set under clients, then with some elements hidden from some reads or shown too early. */
function randomHistory(seed: number, { mutations, values }: { mutations: number; values: number }) {
  const random = seededRandom(seed)
  const stored = new Set<Value>()
  const history: SetOperation[] = simulateClients(
    { random, clients: 3, operations: 5 + below(random, 5), infoShare: 0.15, failShare: 0.1 },
    (_process, times) => {
      if (random() < 0.5) return { ...times, key: 'k', f: 'read', value: [...stored] }
      const f = random() < 0.6 ? 'add' : 'remove'
      const value = below(random, values)
      if (times.outcome !== 'fail') f === 'add' ? stored.add(value) : stored.delete(value)
      return { ...times, key: 'k', f, value }
    },
  )
  for (let left = mutations; left > 0; left -= 1) {
    const at = below(random, history.length)
    const read = history[at] as SetOperation
    const value = below(random, values)
    if (read.f !== 'read') continue
    const others = read.value.filter((other) => other !== value)
    history[at] = {
      ...read,
      value: others.length < read.value.length ? others : [...others, value],
    }
  }
  return history
}

test('it says of thousands of small histories what trying all orders says of each element', (t) => {
  const counts = { right: 0, wrong: 0 }
  for (let seed = baseSeed() * 100_000, last = seed + 6_000; seed < last; seed += 1) {
    const values = pick(seededRandom(seed), [1, 3, 6])
    const history = randomHistory(seed, { mutations: seed % 3, values })
    const expected = Array.from({ length: values }, (_, value) => isExplained(history, value))
    const right = !expected.includes(false)
    counts[right ? 'right' : 'wrong'] += 1
    assert.equal(checkSet(history).ok, right, `seed ${seed}: ${JSON.stringify(history)}`)
    if (seed % 3 === 0) assert.ok(right, `the simulated set is correct, seed ${seed}`)
  }
  t.diagnostic(`${counts.right} right, ${counts.wrong} wrong`)
  assert.ok(counts.right > 500 && counts.wrong > 500)
})

test('one element lost, doubled or back among 100,000 operations is found in seconds', (t) => {
  for (const keys of [1, 500]) {
    const random = seededRandom(baseSeed())
    const stored = new Map<string, Set<Value>>()
    let next = 0
    const history: SetOperation[] = simulateClients(
      { random, clients: 20, operations: 100_000, infoShare: 0.01, failShare: 0.01 },
      (_process, times) => {
        const key = `k${below(random, keys)}`
        const elements = stored.get(key) ?? new Set<Value>()
        stored.set(key, elements)
        if (random() < (keys === 1 ? 0.0005 : 0.2))
          return { ...times, key, f: 'read', value: [...elements] }
        const isRemove = elements.size > 0 && random() < 0.2
        const [oldest] = elements
        const value = isRemove ? (oldest ?? 0) : next
        if (!isRemove) next += 1
        if (times.outcome !== 'fail') isRemove ? elements.delete(value) : elements.add(value)
        return { ...times, key, f: isRemove ? 'remove' : 'add', value }
      },
    )
    const lastMs = Math.max(...history.map(({ completedMs }) => completedMs ?? 0)) + 2_000
    const finals = (change: (values: Value[]) => Value[]): SetOperation[] =>
      [...stored].map(
        ([key, elements], at): SetOperation => ({
          process: 0,
          index: 100_000 + at,
          key,
          f: 'read',
          value: at === 0 ? change([...elements]) : [...elements],
          invokedMs: lastMs,
          completedMs: lastMs + 1,
          outcome: 'ok',
          final: true,
        }),
      )
    const began = cpuNow()
    assert.deepEqual(checkSet([...history, ...finals((values) => values)]).anomalies, [])
    t.diagnostic(`${keys} keys: ${Math.round(cpuNow() - began)} ms`)
    assert.ok(cpuNow() - began < 10_000)
    const kinds = (change: (values: Value[]) => Value[]) =>
      checkSet([...history, ...finals(change)]).anomalies.map(({ kind }) => kind)
    assert.deepEqual(
      kinds((values) => [...values, values[0] ?? 0]),
      ['doubled'],
    )
    const acknowledged = new Set(
      history.flatMap(({ f, outcome, value }) => (f === 'add' && outcome === 'ok' ? [value] : [])),
    )
    const victim = [...(stored.get(finals((v) => v)[0]?.key ?? '') ?? [])].find((value) =>
      acknowledged.has(value),
    )
    const lost = kinds((values) => values.filter((value) => value !== victim))
    assert.ok(lost.length === 1 && lost[0] === 'lost', lost.join())
  }
})
