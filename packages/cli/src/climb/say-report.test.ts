import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClimbReport } from '@banyan/control/api'
import { sayOutcome } from './say-report.ts'

const failed: ClimbReport = {
  climb: 'c-1',
  direction: 'grow',
  from: ['single'],
  to: ['single', 'balanced'],
  outcome: 'failed',
  steps: [],
  requests: { sent: 0, failed: 0 },
  longestWritePauseMs: null,
  totalMs: 1,
  reason: null,
}

test('a climb that neither came to its goal nor back says how it is led on, by the names of its rungs', () => {
  const shrunk: ClimbReport = {
    ...failed,
    direction: 'shrink',
    from: ['single', 'balanced'],
    to: ['single'],
  }
  assert.match(sayOutcome(failed).at(-1) ?? '', /: banyan grow balanced$/)
  assert.match(sayOutcome(shrunk).at(-1) ?? '', /: banyan shrink balanced$/)
})
