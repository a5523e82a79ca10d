import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RegisterOperation, SetOperation } from '../history/operation.ts'
import { checkRegister } from './check-register.ts'
import { checkSet } from './check-set.ts'
import { findUnconfirmed } from './find-unconfirmed.ts'

type Rough = readonly [
  f: 'add' | 'remove' | 'gone' | 'read' | 'final' | 'write',
  value: string | null | readonly string[],
  from: number,
  to: number | null,
]

/** Operations as [what, value, from, to]; `gone` is a removal that found nothing; without an end it is open. */
const historyOf = (isRegister: boolean, rough: readonly Rough[]) =>
  rough.map(([f, value, invokedMs, completedMs], index) => ({
    process: index,
    index,
    key: 'k',
    f: f === 'final' ? 'read' : f !== 'gone' ? f : isRegister ? 'write' : 'remove',
    value: f === 'gone' && isRegister ? null : value,
    invokedMs,
    completedMs,
    outcome: completedMs === null ? 'info' : 'ok',
    ...(f === 'final' && { final: true }),
    ...(f === 'gone' && { foundGone: true }),
  }))

const setOf = (...rough: readonly Rough[]) => historyOf(false, rough) as SetOperation[]
const registerOf = (...rough: readonly Rough[]) => historyOf(true, rough) as RegisterOperation[]

const unconfirmedIn = (...rough: readonly Rough[]) => findUnconfirmed(setOf(...rough)).length
const kindsOf = (...rough: readonly Rough[]) =>
  checkSet(setOf(...rough)).anomalies.map(({ kind }) => kind)

test('what was acknowledged, never shown, and not there when it was removed, is not proven', () => {
  assert.deepEqual(findUnconfirmed(setOf(['add', 'a', 0, 5], ['gone', 'a', 10, 12])), [
    'k: "a" was acknowledged at 0.005 s, no read showed it, and its removal at 0.010 s was answered with "nothing is there".',
  ])
  const others: Rough[] = [
    ['read', ['b'], 6, 7],
    ['add', 'b', 0, 1],
  ]
  assert.equal(unconfirmedIn(['add', 'a', 0, 5], ...others, ['gone', 'a', 10, 12]), 1)
})

test('a read that showed it before proves that it was there', () => {
  assert.equal(unconfirmedIn(['add', 'a', 0, 5], ['read', ['a'], 6, 7], ['gone', 'a', 10, 12]), 0)
  assert.equal(unconfirmedIn(['add', 'a', 0, 5], ['read', ['a'], 3, 4], ['gone', 'a', 10, 12]), 0)
})

test('one that was shown long ago, before it was added again, does not', () => {
  const earlier: Rough[] = [
    ['add', 'a', 0, 1],
    ['read', ['a'], 2, 3],
    ['remove', 'a', 4, 5],
  ]
  assert.equal(unconfirmedIn(...earlier, ['add', 'a', 6, 7], ['gone', 'a', 10, 12]), 1)
})

test('what nobody acknowledged, and what another removal may have taken, is no riddle', () => {
  assert.equal(unconfirmedIn(['add', 'a', 0, null], ['gone', 'a', 10, 12]), 0)
  assert.equal(unconfirmedIn(['gone', 'a', 10, 12]), 0)
  assert.equal(unconfirmedIn(['add', 'a', 0, 5], ['remove', 'a', 6, 9], ['gone', 'a', 10, 12]), 0)
  assert.equal(
    unconfirmedIn(['add', 'a', 0, 5], ['remove', 'a', 6, null], ['gone', 'a', 10, 12]),
    0,
  )
})

test('a removal that began only afterwards explains nothing', () => {
  assert.equal(unconfirmedIn(['add', 'a', 0, 5], ['gone', 'a', 10, 12], ['remove', 'a', 13, 14]), 1)
})

test('a read that missed it before its removal still finds the loss', () => {
  const lost: Rough[] = [
    ['add', 'a', 0, 5],
    ['read', [], 6, 7],
    ['gone', 'a', 10, 12],
    ['final', [], 20, 21],
  ]
  assert.deepEqual(kindsOf(...lost), ['stale'])
})

test('after a removal that found nothing the thing must not be shown, as after any other', () => {
  const back: Rough[] = [
    ['add', 'a', 0, 5],
    ['read', ['a'], 6, 7],
    ['gone', 'a', 10, 12],
    ['final', ['a'], 20, 21],
  ]
  assert.deepEqual(kindsOf(...back), ['reappeared'])
  const [anomaly] = checkSet(setOf(...back)).anomalies
  assert.match(anomaly?.sentence ?? '', /was answered with "nothing is there" at 0\.012 s/)
})

test('a register is treated alike', () => {
  const write: Rough = ['write', 'x', 0, 5]
  const gone: Rough = ['gone', null, 10, 12]
  assert.equal(findUnconfirmed(registerOf(write, gone)).length, 1)
  assert.equal(findUnconfirmed(registerOf(write, ['read', 'x', 6, 7], gone)).length, 0)
  assert.equal(findUnconfirmed(registerOf(write, ['write', null, 6, 7], gone)).length, 0)
  const kinds = (...rough: Rough[]) =>
    checkRegister(registerOf(...rough)).anomalies.map(({ kind }) => kind)
  assert.deepEqual(kinds(write, gone, ['final', 'x', 20, 21]), ['lost'])
  assert.deepEqual(kinds(write, gone, ['final', null, 20, 21]), [])
})
