import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decideStore,
  type StoreAction,
  type StoreFacts,
  startTimeoutMs,
} from './store-situation.ts'

const now = 100_000
const well: StoreFacts = {
  wanted: true,
  running: true,
  stale: false,
  answered: true,
  missed: 0,
  isStill: false,
  startedAtMs: now - 1_000,
  retryAtMs: 0,
}
const gone: StoreFacts = { ...well, running: false }

const cases: readonly [string, StoreFacts, StoreAction][] = [
  ['one that answers is asked again', well, 'ask'],
  ['two answers that did not come are no reason to worry', { ...well, missed: 2 }, 'ask'],
  [
    'one that stands still is ended after three answers',
    { ...well, missed: 3, isStill: true },
    'kill',
  ],
  ['one that runs may be slow', { ...well, missed: 19 }, 'ask'],
  ['one that runs and never answers is ended too', { ...well, missed: 20 }, 'kill'],
  ['one that begins may miss answers', { ...well, answered: false, missed: 9 }, 'ask'],
  [
    'one that never begins to answer is ended',
    { ...well, answered: false, startedAtMs: now - startTimeoutMs - 1 },
    'kill',
  ],
  ['one that has ended is started again', gone, 'start'],
  ['before its time it is not', { ...gone, retryAtMs: now + 1 }, 'rest'],
  ['one that was told something else is stopped', { ...well, stale: true }, 'stop'],
  ['one that is not wanted is stopped', { ...well, wanted: false }, 'stop'],
  ['one that is not wanted and does not run is left', { ...gone, wanted: false }, 'rest'],
]

for (const [name, facts, action] of cases) {
  test(name, () => assert.equal(decideStore(facts, now), action))
}
