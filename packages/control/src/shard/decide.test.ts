import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MemberAction } from './action.ts'
import { decide, nextTerm } from './decide.ts'
import { dead, down, primary, replica, replicaAt, view, whole } from './testing/views.ts'
import type { MemberView, ShardView } from './view.ts'

const main = (seen: ShardView) => decide(seen).main
const two = [replicaAt('db-2', 100n), replicaAt('db-3', 120n)]

describe('about the primary', () => {
  test('nothing is done where all is well, and it is said whom commits wait for', () => {
    const { kind, sentence } = main(view())
    assert.equal(kind, 'rest')
    assert.match(sentence, /db-1 takes writes.*1 of db-2 and db-3/)
  })

  test('one that is dead is proven dead before anybody is elected', () => {
    assert.deepEqual(
      [main(down(two, { fenced: new Set() })).kind, main(down(two)).kind],
      ['fence', 'elect'],
    )
  })

  test('an election names who has the most, a larger term than any, and who had more', () => {
    const action = main(down(two, { record: { ...whole, term: 7 } }))
    assert.ok(action.kind === 'elect')
    const { to, from, term, decided } = action.promotion
    assert.deepEqual(
      { to, from, term, decided },
      { to: 'db-3', from: 'db-1', term: 8, decided: true },
    )
  })

  test('a term that any member has heard of is passed over', () => {
    const [first, second] = two
    assert.ok(first?.answer && second)
    const ahead = { ...first, answer: { ...first.answer, term: 11 } }
    assert.equal(nextTerm(down([ahead, second])), 12)
  })

  test('who runs and has not answered is waited for, for a moment only', () => {
    const others = [replicaAt('db-2', 100n), replica('db-3', { answer: null })]
    assert.equal(main(down(others, { downForMs: 1_499 })).kind, 'wait')
    assert.equal(main(down(others, { downForMs: 1_500 })).kind, 'start-primary')
  })

  test('with too few who answer it is started where it is, and waits for those on record', () => {
    const action = main(down([replicaAt('db-2', 100n), dead('db-3')]))
    assert.ok(action.kind === 'start-primary')
    assert.deepEqual(action.confirming, { kind: 'any', quorum: 1, names: ['db-2', 'db-3'] })
  })

  test('until its next start it is said who is missing, and what goes on without', () => {
    const others = [replicaAt('db-2', 100n), dead('db-3')]
    const seen = down(others)
    const paused = seen.members.map((one) => (one.name === 'db-1' ? { ...one, pauseMs: 100 } : one))
    const action = main({ ...seen, members: paused })
    assert.equal(action.kind, 'refuse')
    assert.match(action.sentence, /db-3 gives no answer.*--accept-loss/)
  })

  test('failovers that do not last make the next one wait, and meanwhile it is started', () => {
    const kinds = [0, 99, 101].map((dampMs) => main(down(two, { dampMs })).kind)
    assert.deepEqual(kinds, ['elect', 'elect', 'start-primary'])
  })

  test('one that stands still is ended only when somebody can take over', () => {
    const frozen = replica('db-1', { life: 'frozen', lifeForMs: 300, answer: null })
    assert.equal(main(view({ members: [frozen, ...two] })).kind, 'fence')
    assert.equal(main(view({ members: [frozen, dead('db-2'), dead('db-3')] })).kind, 'wait')
  })

  test('one that runs as a replica is left alone: somebody else has changed its role', () => {
    assert.equal(main(view({ members: [replica('db-1'), ...two] })).kind, 'refuse')
  })

  test('while something is done to it nothing else is', () => {
    assert.equal(main(down(two, { main: { kind: 'start-primary' } })).kind, 'rest')
  })

  test('a switchover that was interrupted is taken back, a promotion that was decided is finished', () => {
    const promotion = { to: 'db-2', from: 'db-1', term: 2, reason: 'switchover' } as const
    const kinds = [false, true].map((decided) => {
      const record = { ...whole, confirming: [], promotion: { ...promotion, decided } }
      return main(down(two, { record })).kind
    })
    assert.deepEqual(kinds, ['take-back', 'promote'])
  })

  test('no term is written that nobody can confirm', () => {
    const promotion = {
      to: 'db-2',
      from: 'db-1',
      term: 2,
      reason: 'failover',
      decided: true,
    } as const
    const record = { ...whole, confirming: [], promotion }
    const list = (...names: string[]) => ({
      inForce: { confirming: { kind: 'any', quorum: 1, names }, sinceLsn: 100n } as const,
    })
    const alone = [dead('db-1'), primary('db-2', {}), dead('db-3')]
    assert.equal(main(view({ record, members: alone, ...list() })).kind, 'wait')
    const led = [dead('db-1'), primary('db-2', { 'db-3': 100n }), replica('db-3')]
    assert.equal(main(view({ record, members: led, ...list('db-3') })).kind, 'write-term')
  })
})

describe('about a replica', () => {
  const open = primary('db-1', { 'db-2': 100n })
  const vain = { count: 3, forMs: 3_000, why: 'no pg_control' }
  const onlyTwo = { ...whole, confirming: ['db-2'] }

  const about = (members: readonly MemberView[], changes: Partial<ShardView> = {}) =>
    decide(view({ members, ...changes })).members

  const kindsOf = (actions: readonly MemberAction[]) =>
    actions.map(({ name, kind }) => `${kind} ${name}`)

  for (const { name, third, record = onlyTwo, first = open, expected } of [
    { name: 'one that is dead is started', third: dead('db-3'), expected: ['start db-3'] },
    {
      name: 'not before its pause is over',
      third: dead('db-3', { pauseMs: 1 }),
      expected: [],
    },
    {
      name: 'one that was started in vain for long enough is not believed any more',
      third: dead('db-3', { vain }),
      expected: ['disbelieve db-3'],
    },
    {
      name: 'not after two starts',
      third: dead('db-3', { vain: { ...vain, count: 2 } }),
      expected: ['start db-3'],
    },
    {
      name: 'nor after a moment',
      third: dead('db-3', { vain: { ...vain, forMs: 2_999 } }),
      expected: ['start db-3'],
    },
    {
      name: 'nor while an election may need it',
      third: dead('db-3', { vain }),
      record: whole,
      expected: ['start db-3'],
    },
    {
      name: 'nor without a primary to copy from',
      third: dead('db-3', { vain }),
      first: replica('db-1', { answer: null }),
      expected: ['start db-3'],
    },
    {
      name: 'one that is not believed is made anew',
      third: dead('db-3'),
      record: { ...onlyTwo, remake: ['db-3'] },
      expected: ['rebuild db-3'],
    },
    {
      name: 'not before the pause after the last copy is over',
      third: dead('db-3', { copyPauseMs: 1 }),
      record: { ...onlyTwo, remake: ['db-3'] },
      expected: [],
    },
    {
      name: 'one that has left orphans is ended',
      third: replica('db-3', { life: 'orphaned' }),
      expected: ['fence db-3'],
    },
    {
      name: 'one that something is done to is left to that',
      third: dead('db-3', { busy: 'start' }),
      expected: [],
    },
  ]) {
    test(name, () => {
      assert.deepEqual(kindsOf(about([first, replica('db-2'), third], { record })), expected)
    })
  }

  test('it is said why one is not believed any more', () => {
    const [action] = about([open, replica('db-2'), dead('db-3', { vain })], { record: onlyTwo })
    assert.match(action?.sentence ?? '', /db-3 was started 3 times in vain \(no pg_control\)/)
  })

  test('of two that cannot leave the list one is copied at a time', () => {
    const lost = [primary('db-1', {}), dead('db-2', { vain }), dead('db-3', { vain })]
    assert.deepEqual(kindsOf(about(lost)), ['disbelieve db-2', 'disbelieve db-3'])
    const record = { ...whole, remake: ['db-2', 'db-3'] }
    assert.deepEqual(kindsOf(about(lost, { record })), ['rebuild db-2'])
    const copying = lost.map((one) =>
      one.name === 'db-2' ? { ...one, busy: 'rebuild' as const } : one,
    )
    assert.deepEqual(kindsOf(about(copying, { record })), [])
  })

  test('one that cannot leave the list is waited for while another of it may come back', () => {
    const lost = [primary('db-1', {}), dead('db-2', { vain }), dead('db-3')]
    assert.deepEqual(kindsOf(about(lost)), ['start db-2', 'start db-3'])
  })
})
