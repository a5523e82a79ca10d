import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemberFacts } from '@banyan/postgres'
import { leaderOf, type Seen, statesOf } from './seen-members.ts'

const placeAt = (host: string) => ({ url: '', host, port: 5432, name: `${host}:5432` })
const [a, b, c] = [placeAt('a'), placeAt('b'), placeAt('c')]

const facts = (changed: Partial<MemberFacts>): MemberFacts => ({
  systemIdentifier: '7',
  inRecovery: true,
  term: null,
  timeline: null,
  walLsn: 100n,
  replayLsn: 100n,
  ...changed,
})
const leading = (timeline: number, changed: Partial<MemberFacts> = {}) =>
  facts({ inRecovery: false, timeline, walLsn: 150n, ...changed })
const says = (place: Seen['place'], said: MemberFacts): Seen => ({
  place,
  facts: said,
  missing: null,
  sinceMs: 5,
})
const silent = (place: Seen['place']): Seen => ({
  place,
  facts: null,
  missing: 'cannot be reached',
  sinceMs: 5,
})

const short = (seen: readonly Seen[], last: Seen['place'] | null = null) =>
  statesOf(seen, last).map(({ name, role, health, lagBytes }) => [name, role, health, lagBytes])

test('of a list one takes the writes, and the others say how far they are behind', () => {
  const seen = [
    says(a, facts({ replayLsn: 90n })),
    says(b, leading(1)),
    says(c, facts({ replayLsn: 160n })),
  ]
  assert.equal(leaderOf(seen)?.place, b)
  assert.deepEqual(short(seen), [
    ['db-1', 'replica', 'healthy', 60],
    ['db-2', 'primary', 'healthy', undefined],
    ['db-3', 'replica', 'healthy', 0],
  ])
})

test('one that is away is dead, with the reason, whatever it was', () => {
  const seen = [silent(a), says(b, leading(2)), silent(c)]
  assert.deepEqual(short(seen, a), [
    ['db-1', 'replica', 'failed', null],
    ['db-2', 'primary', 'healthy', undefined],
    ['db-3', 'replica', 'failed', null],
  ])
  const [first] = statesOf(seen, a)
  assert.equal(first?.sinceMs, null)
  assert.equal(
    first?.sentence,
    'db-1 (a:5432) is away: it cannot be reached. Somebody else runs it.',
  )
})

test('while nobody leads, the last one that did is the primary that is away', () => {
  assert.deepEqual(short([silent(a), says(b, facts({}))], a), [
    ['db-1', 'primary', 'failed', undefined],
    ['db-2', 'replica', 'healthy', null],
  ])
})

test('of two that believe to lead the one of the smaller timeline was superseded', () => {
  const seen = [says(a, leading(1)), says(b, leading(2))]
  assert.deepEqual(short(seen, a), [
    ['db-1', 'superseded', 'failed', undefined],
    ['db-2', 'primary', 'healthy', undefined],
  ])
  assert.match(statesOf(seen, a)[0]?.sentence ?? '', /b:5432 was promoted after it/)
})

test('a server of another cluster is well, and is not one of them', () => {
  const seen = [says(a, leading(1)), says(b, facts({ systemIdentifier: '8' }))]
  assert.equal(statesOf(seen, a)[1]?.health, 'failed')
  assert.match(statesOf(seen, a)[1]?.sentence ?? '', /another cluster than a:5432/)
})

test('what was not asked yet is neither well nor dead', () => {
  const seen = { place: a, facts: null, missing: null, sinceMs: 5 }
  const [one] = statesOf([seen], null)
  assert.equal(one?.health, 'starting')
})
