import assert from 'node:assert/strict'
import { test } from 'node:test'
import { elect } from './elect.ts'
import { dead, down, replica, replicaAt, whole } from './testing/views.ts'

const unread = (name: string) => {
  const { answer } = replicaAt(name, 500n)
  assert.ok(answer)
  return replica(name, { answer: { ...answer, complete: false } })
}

const three = { ...whole, confirming: ['db-2', 'db-3', 'db-4'], quorum: 2 }

for (const { name, others, record = whole, outcome } of [
  {
    name: 'the one that has the most is elected, whoever is asked first',
    others: [replicaAt('db-2', 100n), replicaAt('db-3', 120n)],
    outcome: { kind: 'elected', to: 'db-3', ahead: [] },
  },
  {
    name: 'among equals the first by name is elected',
    others: [replicaAt('db-2', 100n), replicaAt('db-3', 100n)],
    outcome: { kind: 'elected', to: 'db-2', ahead: [] },
  },
  {
    name: 'with a quorum of one, one that is missing may have the only copy: nobody is elected',
    others: [replicaAt('db-2', 100n), dead('db-3')],
    outcome: { kind: 'short', missing: ['db-3'] },
  },
  {
    name: 'one that runs and has not answered may still do so',
    others: [replicaAt('db-2', 100n), replica('db-3', { answer: null })],
    outcome: { kind: 'open', missing: ['db-3'] },
  },
  {
    name: 'one that has not read its own WAL yet is not heard, however much it says',
    others: [replicaAt('db-2', 100n), unread('db-3')],
    outcome: { kind: 'open', missing: ['db-3'] },
  },
  {
    name: 'one that something is being done to is not heard',
    others: [replicaAt('db-2', 100n), replica('db-3', { busy: 'start' })],
    outcome: { kind: 'open', missing: ['db-3'] },
  },
  {
    name: 'one that stands still is not heard',
    others: [replicaAt('db-2', 100n), replica('db-3', { life: 'frozen' })],
    outcome: { kind: 'short', missing: ['db-3'] },
  },
  {
    name: 'one that confirms nothing is not needed, and not elected, and is ahead',
    others: [replicaAt('db-2', 100n), replicaAt('db-3', 120n)],
    record: { ...whole, confirming: ['db-2'] },
    outcome: { kind: 'elected', to: 'db-2', ahead: ['db-3'] },
  },
  {
    name: 'where nobody confirms, nobody but the primary has everything',
    others: [replicaAt('db-2', 100n), replicaAt('db-3', 120n)],
    record: { ...whole, confirming: [] },
    outcome: { kind: 'short', missing: [] },
  },
  {
    name: 'with a quorum of two of three, two answers are enough',
    others: [replicaAt('db-2', 100n), dead('db-3'), replicaAt('db-4', 90n)],
    record: three,
    outcome: { kind: 'elected', to: 'db-2', ahead: [] },
  },
  {
    name: 'with a quorum of two of three, one answer is not',
    others: [replicaAt('db-2', 100n), dead('db-3'), dead('db-4')],
    record: three,
    outcome: { kind: 'short', missing: ['db-3', 'db-4'] },
  },
]) {
  test(name, () => {
    assert.deepEqual(elect(down(others, { record })), outcome)
  })
}
