import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BankOperation, BankRead } from '../history/operation.ts'
import { cpuNow } from '../testing/cpu-now.ts'
import { baseSeed, below, pick, seededRandom } from '../testing/random.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { tryAllOrders } from '../testing/try-all-orders.ts'
import { checkBank } from './check-bank.ts'

type Balances = Record<string, number>
type Rough = readonly [
  what: readonly [from: string, to: string, amount: number] | Balances,
  from: number,
  to: number | null,
  more?: Partial<BankOperation>,
]

const opening: Balances = { a: 100, b: 100, c: 100 }

/** Transfers as [[from, to, amount], begin, end] and reads as [balances, begin, end]. */
const historyOf = (...rough: readonly Rough[]): BankOperation[] =>
  rough.map(([what, invokedMs, completedMs, more], index) => {
    const times = { process: index, index, key: 'bank', invokedMs, completedMs }
    const outcome = completedMs === null ? 'info' : 'ok'
    const operation = Array.isArray(what)
      ? { ...times, outcome, f: 'transfer', value: { from: what[0], to: what[1], amount: what[2] } }
      : { ...times, outcome, f: 'read', value: what }
    return { ...operation, ...more } as BankOperation
  })

const kindsOf = (...rough: readonly Rough[]) =>
  checkBank(historyOf(...rough), { opening }).anomalies.map(({ kind }) => kind)

const final = { final: true }

test('a read shows what was acknowledged, and of what is open any part', () => {
  const open: Rough[] = [
    [['a', 'b', 5], 0, 1],
    [['b', 'c', 7], 2, 20],
    [['c', 'a', 9], 2, null],
  ]
  for (const b of [105, 98]) {
    for (const a of [95, 104])
      assert.deepEqual(kindsOf(...open, [{ a, b, c: 300 - a - b }, 3, 4]), [])
  }
  assert.deepEqual(kindsOf(...open, [{ a: 100, b: 98, c: 102 }, 3, 4]), ['stale'])
})

test('an acknowledged transfer that the last read does not show is lost', () => {
  assert.deepEqual(
    kindsOf([['a', 'b', 5], 0, 1], [['b', 'c', 3], 2, 3], [{ a: 100, b: 97, c: 103 }, 8, 9, final]),
    ['lost'],
  )
})

test('a lost transfer is not mistaken for one in the other direction that came later', () => {
  const later: Rough = [['b', 'a', 5], 10, 11]
  const shown = { a: 105, b: 95, c: 100 }
  assert.deepEqual(kindsOf([['a', 'b', 5], 0, 1], [opening, 3, 4], later, [shown, 20, 21, final]), [
    'lost',
    'stale',
  ])
})

test('a read that is once behind is stale, and nothing is lost', () => {
  assert.deepEqual(
    kindsOf([['a', 'b', 5], 0, 1], [opening, 2, 3], [{ a: 95, b: 105, c: 100 }, 8, 9, final]),
    ['stale'],
  )
})

test('half a transfer is torn when it stays so, and fractured when one read sees it so', () => {
  const torn = { a: 95, b: 100, c: 100 }
  assert.deepEqual(kindsOf([['a', 'b', 5], 0, 1], [torn, 2, 3], [torn, 8, 9, final]), ['torn'])
  assert.deepEqual(
    kindsOf([['a', 'b', 5], 0, 9], [torn, 2, 3], [{ a: 95, b: 105, c: 100 }, 18, 19, final]),
    ['fractured'],
  )
})

test('a transfer that is done twice is doubled, and a refused one that is done is a phantom', () => {
  assert.deepEqual(kindsOf([['a', 'b', 5], 0, 1], [{ a: 90, b: 110, c: 100 }, 8, 9, final]), [
    'doubled',
  ])
  assert.deepEqual(
    kindsOf([['a', 'b', 5], 0, 1, { outcome: 'fail' }], [{ a: 95, b: 105, c: 100 }, 8, 9, final]),
    ['phantom'],
  )
})

test('a balance below zero is overdrawn, unless the bank allows it', () => {
  const history = historyOf([['a', 'b', 105], 0, 1], [{ a: -5, b: 205, c: 100 }, 8, 9])
  assert.deepEqual(
    checkBank(history, { opening }).anomalies.map(({ kind, sentence }) => [kind, sentence]),
    [['overdrawn', 'bank: a read at 0.008 s showed a at -5, below zero.']],
  )
  assert.deepEqual(checkBank(history, { opening, overdraft: true }).ok, true)
})

test('money from nowhere is said with its amount', () => {
  const { anomalies } = checkBank(historyOf([{ a: 100, b: 100, c: 142 }, 8, 9, final]), { opening })
  assert.deepEqual(
    anomalies.map(({ kind, sentence }) => [kind, sentence]),
    [['torn', 'bank: a read at 0.008 s showed 42 more in all than there is.']],
  )
})

/** A correct bank under clients; `change` may spoil what a read shows. */
function randomHistory(
  seed: number,
  operations: number,
  accounts: readonly string[],
  readShare = 0.4,
) {
  const random = seededRandom(seed)
  const balances: Balances = Object.fromEntries(accounts.map((account) => [account, 20]))
  const first = { ...balances }
  const history: BankOperation[] = simulateClients(
    {
      random,
      clients: operations > 1_000 ? 20 : 3,
      operations,
      infoShare: operations > 1_000 ? 0.0005 : 0.15,
      failShare: 0.1,
    },
    (_process, times) => {
      if (random() < readShare) return { ...times, key: 'bank', f: 'read', value: { ...balances } }
      const value = {
        from: pick(random, accounts),
        to: pick(random, accounts),
        amount: 1 + below(random, 5),
      }
      const isDone = times.outcome !== 'fail' && (balances[value.from] ?? 0) >= value.amount
      if (isDone) {
        balances[value.from] = (balances[value.from] ?? 0) - value.amount
        balances[value.to] = (balances[value.to] ?? 0) + value.amount
      }
      const outcome = times.outcome === 'ok' && !isDone ? 'fail' : times.outcome
      return { ...times, outcome, key: 'bank', f: 'transfer', value }
    },
  )
  return { history, opening: first, balances, random }
}

/** Whether transfers in some order explain one read, when all other reads are left out. */
const isReadExplained = (
  history: readonly BankOperation[],
  read: BankRead,
  first: Balances,
): boolean =>
  tryAllOrders(
    history.filter((operation) => operation === read || operation.f === 'transfer'),
    first,
    (state, { f, value, outcome }) => {
      if (f === 'read') {
        const isSame = Object.entries(value as Balances).every(
          ([account, shown]) => state[account] === shown,
        )
        return outcome === 'ok' && isSame ? state : null
      }
      const { from, to, amount } = value as { from: string; to: string; amount: number }
      const less = { ...state, [from]: (state[from] ?? 0) - amount }
      return { ...less, [to]: (less[to] ?? 0) + amount }
    },
  )

test('it says of thousands of small histories what trying all orders says of each read', (t) => {
  const counts = { right: 0, wrong: 0 }
  for (let seed = baseSeed() * 100_000, last = seed + 2_000; seed < last; seed += 1) {
    const { history, opening, random } = randomHistory(seed, 5 + below(seededRandom(seed), 4), [
      'a',
      'b',
      'c',
    ])
    if (seed % 2 === 1) {
      const at = below(random, history.length)
      const read = history[at] as BankOperation
      if (read.f === 'read') {
        const [from, to, amount] = [
          pick(random, ['a', 'b', 'c']),
          pick(random, ['a', 'b', 'c']),
          below(random, 6),
        ]
        const value = { ...read.value, [from]: (read.value[from] ?? 0) - amount }
        history[at] = {
          ...read,
          value: { ...value, [to]: (value[to] ?? 0) + (random() < 0.7 ? amount : 0) },
        }
      }
    }
    const reads = history.filter(
      (operation) => operation.f === 'read' && operation.outcome === 'ok',
    )
    const expected = reads.every((read) => isReadExplained(history, read as BankRead, opening))
    counts[expected ? 'right' : 'wrong'] += 1
    assert.equal(
      checkBank(history, { opening, overdraft: true }).ok,
      expected,
      `seed ${seed}: ${JSON.stringify(history)}`,
    )
    if (seed % 2 === 0)
      assert.deepEqual(checkBank(history, { opening }).anomalies, [], `seed ${seed}`)
  }
  t.diagnostic(`${counts.right} right, ${counts.wrong} wrong`)
  assert.ok(counts.right > 300 && counts.wrong > 100)
})

test('one transfer lost, doubled or torn among 100,000 operations is found in seconds', (t) => {
  const accounts = Array.from({ length: 10 }, (_, at) => `account ${at}`)
  const { history, opening, balances } = randomHistory(baseSeed(), 100_000, accounts)
  const lastMs = Math.max(...history.map(({ completedMs }) => completedMs ?? 0)) + 2_000
  const judge = (change: Balances) => {
    const value = Object.fromEntries(
      accounts.map((account) => [account, (balances[account] ?? 0) + (change[account] ?? 0)]),
    )
    const read: BankOperation = {
      process: 0,
      index: 100_000,
      key: 'bank',
      f: 'read',
      value,
      invokedMs: lastMs,
      completedMs: lastMs + 1,
      outcome: 'ok',
      final: true,
    }
    const began = cpuNow()
    const { anomalies } = checkBank([...history, read], { opening, overdraft: true })
    t.diagnostic(`${anomalies.length} anomalies: ${Math.round(cpuNow() - began)} ms`)
    assert.ok(cpuNow() - began < 10_000)
    return anomalies.map(({ kind }) => kind)
  }
  const open = history.filter(({ outcome }) => outcome === 'info').length
  assert.ok(open > 20, `${open} transfers and reads were never answered`)
  assert.deepEqual(judge({}), [])
  const moved = history.findLast(({ f, outcome }) => f === 'transfer' && outcome === 'ok')
    ?.value as { from: string; to: string }
  assert.equal(judge({ [moved.from]: 1_000, [moved.to]: -1_000 }).length, 1)
  assert.deepEqual(judge({ [moved.from]: 1_000 }), ['torn'])
})
