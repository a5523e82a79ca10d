import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControlEvent, PromotionStatus } from '@banyan/control/api'
import { incidentsOf } from './incidents.ts'
import { costOf, phasesOf, sharesOf } from './phases.ts'

const start = Date.parse('2026-01-01T12:00:01.200Z')
const iso = (ms: number) => new Date(start + ms).toISOString()
const say = (ms: number, body: object): ControlEvent =>
  ({ at: iso(ms), sentence: 'It was said.', ...body }) as ControlEvent
const fault = (ms: number, node: string, what: string) =>
  say(ms, { type: 'fault', node, fault: what })
const health = (ms: number, node: string, now: string) =>
  say(ms, { type: 'node', node, health: now })

const failover: PromotionStatus = {
  reason: 'failover',
  from: 'db-1',
  to: 'db-3',
  term: 4,
  at: iso(90),
  fencedMs: 60,
  promotedMs: 220,
  writingMs: 330,
}

const killed = [
  fault(0, 'db-1', 'killed'),
  health(95, 'db-1', 'failed'),
  say(421, { type: 'promotion', shard: 'shard-1', promotion: failover }),
  health(1_500, 'db-1', 'starting'),
  health(4_200, 'db-1', 'healthy'),
]

test('a killed primary is told from the kill to the first write, and until it is well again', () => {
  const [incident, ...others] = incidentsOf(killed)
  assert.ok(incident)
  assert.deepEqual(others, [])
  assert.deepEqual(
    incident.entries.map(({ name, ms }) => [name, ms]),
    [
      ['killed', 0],
      ['noticed', 90],
      ['fenced', 150],
      ['promoted', 310],
      ['writing', 420],
      ['starting', 1_500],
      ['healthy', 4_200],
    ],
  )
  assert.ok(incident.isOver)
  assert.equal(costOf(incident), 'db-3 takes the writes. Nobody could write for 420 ms.')
})

test('the bar of a failover ends with the first write, and its parts are what was said', () => {
  const [incident] = incidentsOf(killed)
  assert.ok(incident)
  assert.deepEqual(
    phasesOf(incident).map(({ name, fromMs, toMs }) => [name, toMs - fromMs]),
    [
      ['unnoticed', 90],
      ['fencing', 60],
      ['promoting', 160],
      ['opening', 110],
    ],
  )
})

test('a promotion whose event is not kept is told from the status, and never twice', () => {
  const [incident] = incidentsOf(killed.slice(0, 2), [failover])
  assert.equal(incident?.promotion?.to, 'db-3')
  assert.equal(incidentsOf(killed, [failover]).length, 1)
  assert.equal(incidentsOf([], [failover])[0]?.node, 'db-1')
})

test('a promotion that was noticed before the kill was written down belongs to the kill', () => {
  const early = { ...failover, at: iso(-40) }
  const [incident] = incidentsOf([
    fault(0, 'db-1', 'killed'),
    say(300, { type: 'promotion', shard: 's', promotion: early }),
  ])
  assert.deepEqual(
    incident?.entries.map(({ ms }) => ms),
    [0, 0, 20, 180, 290],
  )
})

test('a primary that is said to start before another took the writes is not yet started again', () => {
  const events = [killed[0], health(142, 'db-1', 'starting'), ...killed.slice(2)]
  const [incident] = incidentsOf(events.filter((event) => event !== undefined))
  assert.deepEqual(
    incident?.entries.map(({ name }) => name),
    ['killed', 'noticed', 'fenced', 'promoted', 'writing', 'starting', 'healthy'],
  )
})

test('a switchover is told by itself', () => {
  const asked: PromotionStatus = { ...failover, reason: 'switchover', term: 5, at: iso(9_000) }
  const [, second] = incidentsOf([
    ...killed,
    say(9_400, { type: 'promotion', shard: 'shard-1', promotion: asked }),
  ])
  assert.equal(second?.kind, 'switchover')
  assert.equal(second?.entries[1]?.words, 'db-1 stopped')
})

test('a paused node that nobody resumes goes on being paused, also while it is started', () => {
  const [incident] = incidentsOf([fault(0, 'web-1', 'paused'), health(900, 'web-1', 'failed')])
  assert.equal(incident?.isOver, false)
  assert.equal(
    incident === undefined ? '' : costOf(incident),
    'web-1 is paused until it is resumed.',
  )
})

test('a paused node is over its pause when it is well after it was resumed', () => {
  const [incident] = incidentsOf([
    fault(0, 'web-1', 'paused'),
    health(900, 'web-1', 'failed'),
    fault(3_000, 'web-1', 'resumed'),
    health(3_400, 'web-1', 'healthy'),
  ])
  assert.ok(incident?.isOver)
  assert.deepEqual(
    phasesOf(incident).map(({ words }) => words),
    ['until it was noticed', 'paused', 'until it was well'],
  )
})

test('a node that fails by itself is an incident, and one that only starts is none', () => {
  const events = [health(0, 'web-2', 'starting'), health(50, 'web-2', 'healthy')]
  assert.deepEqual(incidentsOf(events), [])
  const [incident] = incidentsOf([health(0, 'web-2', 'failed'), health(700, 'web-2', 'healthy')])
  assert.equal(incident?.kind, 'failed')
  assert.ok(incident.isOver)
})

test('a pause that was noticed before it was written down is one incident', () => {
  const incidents = incidentsOf([
    health(0, 'web-1', 'failed'),
    fault(1, 'web-1', 'paused'),
    fault(8_000, 'web-1', 'resumed'),
    health(8_300, 'web-1', 'healthy'),
  ])
  assert.deepEqual(
    incidents.map(({ kind, entries }) => [kind, entries.map(({ name }) => name)]),
    [['paused', ['paused', 'noticed', 'resumed', 'healthy']]],
  )
})

test('faults of two nodes at once are kept apart', () => {
  const incidents = incidentsOf([
    fault(0, 'web-1', 'killed'),
    fault(10, 'web-2', 'killed'),
    health(20, 'web-2', 'failed'),
    health(30, 'web-1', 'failed'),
    health(500, 'web-2', 'healthy'),
  ])
  assert.deepEqual(
    incidents.map(({ node, isOver }) => [node, isOver]),
    [
      ['web-1', false],
      ['web-2', true],
    ],
  )
})

test('the shortest phase can be seen, and all of them fill the bar', () => {
  const phase = { name: 'failed', words: '', number: 1 } as const
  const shares = sharesOf([
    { ...phase, fromMs: 0, toMs: 1 },
    { ...phase, fromMs: 1, toMs: 10_000 },
  ])
  assert.ok((shares[0] ?? 0) > 5)
  assert.ok(Math.abs(shares.reduce((all, one) => all + one, 0) - 100) < 1e-9)
})
