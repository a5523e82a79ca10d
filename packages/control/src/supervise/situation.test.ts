import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classify, healthOf, type NodeFacts, type Situation, sentenceOf } from './situation.ts'

const nowMs = 100_000

const running: NodeFacts = {
  wanted: true,
  running: true,
  paused: false,
  mayStart: true,
  startedAtMs: nowMs - 1_000,
  readySinceMs: nowMs - 500,
  missedProbes: 0,
  missing: null,
  quickExits: 0,
  retryAtMs: Number.NEGATIVE_INFINITY,
  lastExit: null,
  startFailure: null,
  startTimeoutMs: 30_000,
}
const gone: NodeFacts = { ...running, running: false, readySinceMs: null }

const cases: readonly [string, NodeFacts, Situation][] = [
  ['a wanted node that answers is healthy', running, 'healthy'],
  ['a wanted node that does not run is due', gone, 'due'],
  ['before its time it waits', { ...gone, retryAtMs: nowMs + 1 }, 'waiting'],
  ['at its time it is due', { ...gone, retryAtMs: nowMs }, 'due'],
  ['without what it needs it is held', { ...gone, mayStart: false }, 'held'],
  ['one that runs and was never ready rises', { ...running, readySinceMs: null }, 'rising'],
  [
    'one that should be ready by now is late',
    { ...running, readySinceMs: null, startedAtMs: nowMs - 30_001 },
    'late',
  ],
  ['two missed probes are no reason to worry', { ...running, missedProbes: 2 }, 'healthy'],
  ['one that misses three probes is silent', { ...running, missedProbes: 3 }, 'silent'],
  ['one that is not wanted and runs stops', { ...running, wanted: false }, 'stopping'],
  ['one that is not wanted and does not run is stopped', { ...gone, wanted: false }, 'stopped'],
]

for (const [name, facts, situation] of cases) {
  test(name, () => assert.equal(classify(facts, nowMs), situation))
}

test('a node that exits at once three times has failed, also while it is tried again', () => {
  const looping = { ...gone, quickExits: 3 }
  for (const situation of ['due', 'waiting', 'rising', 'held'] as const) {
    assert.equal(healthOf(situation, { ...looping, quickExits: 2 }), 'starting')
    assert.equal(healthOf(situation, looping), 'failed')
  }
  assert.equal(healthOf('healthy', looping), 'healthy')
})

test('the sentence of a crash loop says how it ended, how often it was tried and when it is again', () => {
  const facts = {
    ...gone,
    quickExits: 4,
    retryAtMs: nowMs + 400,
    lastExit: { code: 1, signal: null },
  }
  assert.equal(
    sentenceOf('web-1', 'waiting', facts, nowMs),
    'web-1 exits at once (code 1), tried 4 times; next try in 0.4 s.',
  )
})

test('the sentence of a failed start carries its reason', () => {
  const facts = { ...gone, quickExits: 2, retryAtMs: nowMs + 100, startFailure: 'No space.' }
  assert.equal(
    sentenceOf('db-1', 'waiting', facts, nowMs),
    'db-1 could not be started, tried 2 times: No space; next try in 0.1 s.',
  )
})
