import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListOperation, ListStep, Value } from '../history/operation.ts'
import { cpuNow } from '../testing/cpu-now.ts'
import { baseSeed, below, pick, seededRandom } from '../testing/random.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { tryAllOrders } from '../testing/try-all-orders.ts'
import { checkListAppend, type IsolationLevel } from './check-list-append.ts'

const levels: readonly IsolationLevel[] = [
  'read-committed',
  'snapshot-isolation',
  'serializable',
  'strict-serializable',
]

type Rough = readonly [
  steps: string,
  from?: number,
  to?: number | null,
  more?: Partial<ListOperation>,
]

/** `x+1` appends 1 to x; `x=12` reads x as [1, 2]. Without times all transactions overlap. */
const historyOf = (...rough: readonly Rough[]): ListOperation[] =>
  rough.map(([steps, invokedMs = 0, completedMs = 100, more], index) => ({
    process: index,
    index,
    key: 'run',
    f: 'transaction',
    value: steps.split(' ').map((step): ListStep => {
      const [list = '', elements = ''] = step.split(/[+=]/)
      return step.includes('+')
        ? { append: [list, Number(elements)] }
        : { read: list, elements: [...elements].map(Number) }
    }),
    invokedMs,
    completedMs,
    outcome: completedMs === null ? 'info' : 'ok',
    ...more,
  }))

/** The kinds at each of the four levels, from the weakest on. */
const kindsAt = (...rough: readonly Rough[]) =>
  levels.map((level) =>
    checkListAppend(historyOf(...rough), { level })
      .anomalies.map(({ kind }) => kind)
      .join(),
  )

test('transactions one after another are right at every level', () => {
  assert.deepEqual(kindsAt(['x+1 y+2', 0, 1], ['x=1 y=2 x+3', 2, 3], ['x=13 y=2', 4, 5]), [
    '',
    '',
    '',
    '',
  ])
})

const named: Record<
  string,
  readonly [readonly Rough[], readonly [string, string, string, string]]
> = {
  'a dirty write, two lists in opposite orders (G0)': [
    [['x+1 y+1'], ['x+2 y+2'], ['x=12'], ['y=21']],
    ['G0', 'G0', 'G0', 'G0'],
  ],
  'an aborted read (G1a)': [
    [
      ['x+1', 0, 1, { outcome: 'fail' }],
      ['x=1', 2, 3],
    ],
    ['G1a', 'G1a', 'G1a', 'G1a'],
  ],
  'an intermediate read (G1b)': [
    [['x+1 x+2'], ['x=1'], ['x=12']],
    ['G1b', 'G1b,G-single', 'G1b,G-single', 'G1b,G-single'],
  ],
  'two transactions that see each other (G1c)': [
    [['x+1 y=2'], ['y+2 x=1']],
    ['G1c', 'G1c', 'G1c', 'G1c'],
  ],
  'a read skew (G-single)': [
    [['x+1 y+1'], ['x= y=1'], ['x=1']],
    ['', 'G-single', 'G-single', 'G-single'],
  ],
  'a lost update (G-single)': [
    [['x= x+1'], ['x= x+2'], ['x=12']],
    ['', 'G-single', 'G-single', 'G-single'],
  ],
  'a write skew (G2-item)': [
    [['x= y+1'], ['y= x+1'], ['x=1 y=1']],
    ['', '', 'G2-item', 'G2-item'],
  ],
  'a long fork': [
    [['x+1'], ['y+1'], ['x=1 y='], ['x= y=1']],
    ['', 'G-nonadjacent', 'G-nonadjacent', 'G-nonadjacent'],
  ],
  'a read that began after an acknowledgement and does not show it': [
    [
      ['x+1', 0, 1],
      ['x=', 2, 3],
      ['x=1', 4, 5],
    ],
    ['', '', '', 'G-single-realtime'],
  ],
  'two appends in the opposite order of time': [
    [
      ['x+1', 0, 1],
      ['x+2', 2, 3],
      ['x=21', 4, 5],
    ],
    ['', '', '', 'G0-realtime'],
  ],
  'a list that is read in two orders': [
    [['x+1'], ['x+2'], ['x=12'], ['x=21']],
    ['incompatible-order', 'incompatible-order', 'incompatible-order', 'incompatible-order'],
  ],
  'a transaction that does not see its own append': [
    [['x+1 x=']],
    ['internal', 'internal', 'internal', 'internal'],
  ],
  'a read that changes within a transaction': [
    [['x= x=1'], ['x+1']],
    ['', 'internal,G-single', 'internal,G-single', 'internal,G-single'],
  ],
  'an element twice': [
    [['x+1'], ['x=11']],
    ['doubled', 'doubled', 'doubled', 'doubled'],
  ],
  'an element from nowhere': [[['x=7']], ['phantom', 'phantom', 'phantom', 'phantom']],
  'an acknowledged append that is missing after the run': [
    [
      ['x+1', 0, 1],
      ['x=', 200, 201, { final: true }],
    ],
    ['lost', 'lost', 'lost', 'lost'],
  ],
  'a transaction without an answer of which half is seen': [
    [
      ['x+1 y+1', 0, null],
      ['x=1 y=', 2, 3],
    ],
    ['', 'G-single', 'G-single', 'G-single'],
  ],
}

for (const [name, [rough, expected]] of Object.entries(named)) {
  test(`${name} is an anomaly at the levels that rule it out`, () => {
    assert.deepEqual(kindsAt(...rough), expected)
  })
}

test('a transaction without an answer may have happened or not', () => {
  const open: Rough[] = [
    ['x+1', 0, null],
    ['x+2', 0, null],
  ]
  for (const shown of ['', '1', '2', '12', '21']) {
    assert.deepEqual(kindsAt(...open, [`x=${shown}`, 50, 51, { final: true }]), ['', '', '', ''])
  }
})

test('the sentence names the transactions and why each comes before the next', () => {
  const { anomalies } = checkListAppend(
    historyOf(['x= y+1', 1, 9], ['y= x+1', 2, 9], ['x=1 y=1', 10, 11]),
    { level: 'serializable' },
  )
  assert.equal(
    anomalies[0]?.sentence,
    'run: 2 transactions go in a circle (G2-item): the one at 0.001 s before the one at 0.002 s (which appended what it did not see), the one at 0.002 s before the one at 0.001 s (which appended what it did not see).',
  )
})

type Lists = Readonly<Record<string, readonly Value[]>>

/** Does the transaction to the lists, and fills in or compares what it reads. */
function perform(
  lists: Lists,
  steps: readonly ListStep[],
): { lists: Lists; steps: ListStep[]; isSame: boolean } {
  let [after, isSame] = [lists, true]
  const done = steps.map((step): ListStep => {
    if ('append' in step) {
      const [list, value] = step.append
      after = { ...after, [list]: [...(after[list] ?? []), value] }
      return step
    }
    const elements = after[step.read] ?? []
    if (step.elements && step.elements.join() !== elements.join()) isSame = false
    return { read: step.read, elements }
  })
  return { lists: after, steps: done, isSame }
}

const isExplained = (history: readonly ListOperation[], inRealTime: boolean): boolean =>
  tryAllOrders(
    history,
    {} as Lists,
    (lists, { value, outcome }) => {
      const { lists: after, isSame } = perform(lists, value)
      return outcome !== 'ok' || isSame ? after : null
    },
    inRealTime,
  )

/** Every choice of a snapshot and a moment to commit, where the first to commit a list wins. */
function isSnapshotIsolated(
  waiting: readonly ListOperation[],
  running: readonly { transaction: ListOperation; snapshot: Lists }[],
  lists: Lists,
): boolean {
  if (waiting.length + running.length === 0) return true
  return (
    waiting.some((transaction) =>
      isSnapshotIsolated(
        waiting.filter((other) => other !== transaction),
        [...running, { transaction, snapshot: lists }],
        lists,
      ),
    ) ||
    running.some((each) => {
      const {
        transaction: { value, outcome },
        snapshot,
      } = each
      const others = running.filter((other) => other !== each)
      if (outcome !== 'ok' && isSnapshotIsolated(waiting, others, lists)) return true
      const after = perform(snapshot, value)
      const written = value.flatMap((step) => ('append' in step ? [step.append[0]] : []))
      const isFirst = written.every((list) => snapshot[list] === lists[list])
      if (!isFirst || (outcome === 'ok' && !after.isSame)) return false
      const changed = Object.fromEntries(written.map((list) => [list, after.lists[list] ?? []]))
      return isSnapshotIsolated(waiting, others, { ...lists, ...changed })
    })
  )
}

/** Transactions of a store that is serial, or of one whose transactions begin with an old snapshot. */
function randomHistory(seed: number, operations: number): ListOperation[] {
  const random = seededRandom(seed)
  const isSerial = seed % 3 === 0
  let [lists, next, past]: [Lists, number, Lists[]] = [{}, 0, [{}]]
  const history: ListOperation[] = simulateClients(
    { random, clients: 3, operations, infoShare: 0.1, failShare: 0.1 },
    (_process, times) => {
      const steps = Array.from({ length: 1 + below(random, 3) }, (): ListStep => {
        const list = pick(random, ['x', 'y'])
        next += 1
        return random() < 0.5 ? { read: list } : { append: [list, next] }
      })
      const seen = isSerial || random() < 0.3 ? lists : pick(random, past.slice(-4))
      const read = perform(seen, steps).steps
      if (times.outcome !== 'fail' && !(times.outcome === 'info' && random() < 0.5))
        lists = perform(lists, steps).lists
      past = [...past, lists]
      return {
        ...times,
        key: 'run',
        f: 'transaction',
        value: times.outcome === 'ok' ? read : steps,
      }
    },
  )
  const last: ListOperation = {
    process: 9,
    index: operations,
    key: 'run',
    f: 'transaction',
    value: perform(lists, [{ read: 'x' }, { read: 'y' }]).steps,
    invokedMs: 5_000,
    completedMs: 5_001,
    outcome: 'ok',
  }
  return [...history, last]
}

test('it says of thousands of small histories what trying all orders says, serializable and strict', (t) => {
  const counts = { right: 0, serializable: 0, wrong: 0 }
  for (let seed = baseSeed() * 100_000, last = seed + 3_000; seed < last; seed += 1) {
    const history = randomHistory(seed, 3 + (seed % 5))
    const [isSerializable, isStrict] = [isExplained(history, false), isExplained(history, true)]
    counts[isStrict ? 'right' : isSerializable ? 'serializable' : 'wrong'] += 1
    const say = `seed ${seed}: ${JSON.stringify(history)}`
    assert.equal(checkListAppend(history, { level: 'serializable' }).ok, isSerializable, say)
    assert.equal(checkListAppend(history, { level: 'strict-serializable' }).ok, isStrict, say)
    if (seed % 3 === 0) assert.ok(isStrict, `the simulated store is serial, ${say}`)
  }
  t.diagnostic(JSON.stringify(counts))
  assert.ok(counts.right > 300 && counts.serializable > 100 && counts.wrong > 100)
})

test('it says of thousands of small histories what trying all snapshots says', (t) => {
  const counts = { right: 0, wrong: 0 }
  for (let seed = baseSeed() * 100_000 + 50_000, last = seed + 3_000; seed < last; seed += 1) {
    const history = randomHistory(seed, 4)
    const expected = isSnapshotIsolated(
      history.filter(({ outcome }) => outcome !== 'fail'),
      [],
      {},
    )
    counts[expected ? 'right' : 'wrong'] += 1
    const found = checkListAppend(history, { level: 'snapshot-isolation' })
    assert.equal(
      found.ok,
      expected,
      `seed ${seed}: ${JSON.stringify(history)} ${JSON.stringify(found.anomalies)}`,
    )
  }
  t.diagnostic(JSON.stringify(counts))
  assert.ok(counts.right > 300 && counts.wrong > 100)
})

test('100,000 transactions are judged in seconds at every level, and one stale read among them is found', (t) => {
  const random = seededRandom(baseSeed())
  const lists = new Map<string, Value[]>()
  let next = 0
  const history: ListOperation[] = simulateClients(
    { random, clients: 20, operations: 100_000, infoShare: 0.01, failShare: 0.01 },
    (_process, times) => {
      const value = Array.from({ length: 1 + below(random, 4) }, (): ListStep => {
        const list = `list ${Math.floor(next / 200)} ${below(random, 10)}`
        const stored = lists.get(list) ?? []
        if (random() < 0.5)
          return times.outcome === 'ok' ? { read: list, elements: [...stored] } : { read: list }
        next += 1
        if (times.outcome !== 'fail') lists.set(list, [...stored, next])
        return { append: [list, next] }
      })
      return { ...times, key: 'run', f: 'transaction', value }
    },
  )
  for (const level of levels) {
    const began = cpuNow()
    assert.deepEqual(checkListAppend(history, { level }).anomalies, [])
    t.diagnostic(`${level}: ${Math.round(cpuNow() - began)} ms`)
    assert.ok(cpuNow() - began < 15_000)
  }
  const at = history.findIndex(({ index, value, outcome }) => {
    const [first] = value
    return (
      index > 50_000 &&
      outcome === 'ok' &&
      value.length === 1 &&
      first &&
      'read' in first &&
      (first.elements?.length ?? 0) > 10
    )
  })
  const spoiled = history.map((transaction, number) => {
    const [first] = transaction.value
    if (number !== at || !first || !('read' in first)) return transaction
    return { ...transaction, value: [{ ...first, elements: first.elements?.slice(0, 2) ?? [] }] }
  })
  const kinds = checkListAppend(spoiled, { level: 'strict-serializable' }).anomalies.map(
    ({ kind }) => kind,
  )
  assert.deepEqual(kinds, ['G-single-realtime'])
})
