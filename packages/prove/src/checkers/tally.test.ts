import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Anomaly, AnomalyKind } from './anomaly.ts'
import { tally } from './tally.ts'

const anomalies = (...kinds: readonly AnomalyKind[]): Anomaly[] =>
  kinds.map((kind) => ({ kind, key: 'k', sentence: '', operations: [] }))

test('a right history counts nothing', () => {
  assert.deepEqual(tally([]), { lost: 0, doubled: 0, staleReads: 0, phantom: 0, disordered: 0 })
})

test('each anomaly is counted once, under what it means for the promise', () => {
  const counts = tally(
    anomalies(
      'lost',
      'reappeared',
      'torn',
      'doubled',
      'stale',
      'fractured',
      'G1a',
      'phantom',
      'G2-item',
      'incompatible-order',
    ),
  )
  assert.deepEqual(counts, { lost: 3, doubled: 1, staleReads: 2, phantom: 2, disordered: 2 })
})
