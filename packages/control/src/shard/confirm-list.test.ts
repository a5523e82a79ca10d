import assert from 'node:assert/strict'
import { test } from 'node:test'
import { confirmStep, desiredList, isHeld, listForPromotion, listForStart } from './confirm-list.ts'
import type { Confirming } from './member.ts'
import { dead, down, primary, replica, view, whole } from './testing/views.ts'
import type { ShardView } from './view.ts'

const any = (...names: string[]): Confirming => ({ kind: 'any', quorum: 1, names })
const nobody: Confirming = { kind: 'nobody' }
const preferred = { quorum: 1, durability: 'preferred', replicated: true } as const
const open = primary('db-1', { 'db-2': 100n, 'db-3': 100n })
const alone = { ...whole, confirming: [] }
const inForce = (confirming: Confirming, sinceLsn: bigint | null) => ({
  inForce: { confirming, sinceLsn },
})

/** Whom commits are to wait for, of three whose db-1 is open. */
const lists: readonly (readonly [string, Partial<ShardView>, Confirming])[] = [
  ['everybody who follows', {}, any('db-2', 'db-3')],
  [
    'not one that is dead',
    { members: [primary('db-1', { 'db-2': 100n }), replica('db-2'), dead('db-3')] },
    any('db-2'),
  ],
  [
    'not one that has not streamed for long',
    { members: [open, replica('db-2'), replica('db-3', { awayForMs: 2_000 })] },
    any('db-2'),
  ],
  [
    'still one that stands still for a moment',
    { members: [open, replica('db-2'), replica('db-3', { life: 'frozen', lifeForMs: 299 })] },
    any('db-2', 'db-3'),
  ],
  [
    'not one that stands still for longer',
    { members: [open, replica('db-2'), replica('db-3', { life: 'frozen', lifeForMs: 300 })] },
    any('db-2'),
  ],
  ['not one that is made anew', { record: { ...whole, remake: ['db-3'] } }, any('db-2')],
  ['not one that leaves', { record: { ...whole, wanted: ['db-1', 'db-2'] } }, any('db-2')],
  [
    'with too few, also who has left, so that commits are held until somebody is back',
    { members: [primary('db-1', {}), dead('db-2'), dead('db-3')] },
    any('db-2', 'db-3'),
  ],
  [
    'with too few that are preferred only, nobody',
    { members: [primary('db-1', {}), dead('db-2'), dead('db-3')], settings: preferred },
    nobody,
  ],
  [
    'one that is new only once it streams',
    {
      record: { ...whole, confirming: ['db-2'] },
      members: [primary('db-1', { 'db-2': 100n }), replica('db-2'), replica('db-3')],
      ...inForce(any('db-2'), 90n),
    },
    any('db-2'),
  ],
]

for (const [name, changes, expected] of lists) {
  test(`commits wait for ${name}`, () => {
    assert.deepEqual(desiredList(view(changes)), expected)
  })
}

const record = (...confirming: string[]) => ({ kind: 'record', confirming, quorum: 1 })
const told = (confirming: Confirming) => ({ kind: 'confirm', confirming })

/** What comes next on the way to the list. */
const steps: readonly (readonly [string, Partial<ShardView>, object])[] = [
  ['nothing is left to do where all is as it should be', {}, { kind: 'settled' }],
  [
    'a name is written down before the primary waits for it',
    { record: { ...whole, confirming: ['db-2'] }, ...inForce(any('db-2'), 90n) },
    record('db-2', 'db-3'),
  ],
  ['then the primary is told', inForce(any('db-2'), 90n), told(any('db-2', 'db-3'))],
  [
    'a name leaves the primary before it leaves the record',
    { members: [primary('db-1', { 'db-2': 100n }), replica('db-2'), dead('db-3')] },
    told(any('db-2')),
  ],
  [
    'and leaves the record once the others have what was written until then',
    {
      members: [primary('db-1', { 'db-2': 100n }), replica('db-2'), dead('db-3')],
      ...inForce(any('db-2'), 100n),
    },
    record('db-2'),
  ],
  [
    'not sooner',
    {
      members: [primary('db-1', { 'db-2': 100n }), replica('db-2'), dead('db-3')],
      ...inForce(any('db-2'), 101n),
    },
    { kind: 'catch-up' },
  ],
  [
    'nor before a position was seen that is younger than the list',
    {
      members: [primary('db-1', { 'db-2': 100n }), replica('db-2'), dead('db-3')],
      ...inForce(any('db-2'), null),
    },
    { kind: 'catch-up' },
  ],
  [
    'from nothing, the primary is told first: nobody else has anything yet',
    { record: alone, ...inForce(nobody, 90n) },
    told(any('db-2', 'db-3')),
  ],
  [
    'and they are written down when a quorum has caught up and each was seen to follow',
    { record: alone, ...inForce(any('db-2', 'db-3'), 100n) },
    record('db-2', 'db-3'),
  ],
  [
    'not while one of them was not: its position may be of another history',
    {
      record: alone,
      members: [primary('db-1', { 'db-2': 100n }), replica('db-2'), replica('db-3')],
      ...inForce(any('db-2', 'db-3'), 90n),
    },
    { kind: 'catch-up' },
  ],
  [
    'that nobody confirms is written down before the primary stops waiting',
    {
      settings: preferred,
      members: [primary('db-1', {}), dead('db-2'), dead('db-3')],
    },
    record(),
  ],
  [
    'a smaller quorum is written down before it holds',
    {
      record: { ...whole, quorum: 2 },
      ...inForce({ kind: 'any', quorum: 2, names: ['db-2', 'db-3'] }, 90n),
    },
    record('db-2', 'db-3'),
  ],
  [
    'a larger quorum after it does',
    { settings: { quorum: 2, durability: 'required', replicated: true } },
    told({ kind: 'any', quorum: 2, names: ['db-2', 'db-3'] }),
  ],
  [
    'another control, which does not know what is in force, tells the primary again',
    { inForce: null },
    told(any('db-2', 'db-3')),
  ],
]

for (const [name, changes, expected] of steps) {
  test(name, () => {
    assert.deepEqual(confirmStep(view(changes)), expected)
  })
}

test('commits are held only where they have to be confirmed and too few can', () => {
  const lost = [primary('db-1', {}), dead('db-2'), dead('db-3')]
  assert.equal(isHeld(view()), false)
  assert.equal(isHeld(view({ members: lost })), true)
  assert.equal(isHeld(view({ members: lost, settings: preferred })), false)
})

test('a primary that is started waits for exactly those on record', () => {
  assert.deepEqual(listForStart(down([replica('db-2')])), any('db-2', 'db-3'))
  assert.deepEqual(listForStart(down([], { record: alone })), any())
  assert.deepEqual(listForStart(down([], { record: alone, settings: preferred })), nobody)
})

test('whoever is promoted waits for those who can follow it at once, and never for the old primary', () => {
  const promotion = {
    to: 'db-2',
    from: 'db-1',
    term: 2,
    reason: 'failover',
    decided: true,
  } as const
  const promoting = (others: Parameters<typeof down>[0]) =>
    listForPromotion(down(others, { record: { ...alone, promotion } }), 'db-2')
  assert.deepEqual(promoting([replica('db-2'), replica('db-3')]), any('db-3'))
  assert.deepEqual(promoting([replica('db-2'), dead('db-3')]), any())
})
