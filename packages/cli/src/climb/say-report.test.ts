import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClimbReport } from '@banyan/control/api'
import { sayLive, sayOutcome } from './say-report.ts'

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

const released: ClimbReport = {
  ...failed,
  direction: 'release',
  from: 'r1',
  to: 'r2',
  outcome: 'done',
  steps: [{ kind: 'start-node', node: 'web-1', sentence: 'Start web-1.', ms: 9, outcome: 'done' }],
}

test('a release that went well says which one is live, an undo that it is so again', () => {
  assert.deepEqual(sayOutcome(released), [])
  assert.equal(sayLive(released), 'r2 is live')
  assert.equal(
    sayLive({ ...released, direction: 'undo', from: 'r2', to: 'r1' }),
    'r1 is live again',
  )
  assert.equal(sayLive({ ...released, outcome: 'undone' }), null)
})

test('a release that was undone names both releases, and the reason with every line', () => {
  const message = 'web-1 exits at once. Its last lines:\n  Error: no'
  const reason = { code: 'BANYAN_SERVICE_CRASHED', message, hint: 'Mend it.', details: {} }
  const undone = { ...released, outcome: 'undone', reason } as const
  assert.deepEqual(sayOutcome(undone), ['r2 was undone: r1 is live.', message, 'Mend it.'])
  const undo = { ...undone, direction: 'undo', from: 'r2', to: 'r1' } as const
  assert.equal(sayOutcome(undo)[0], 'r1 does not come back: r2 is live, as before.')
})

test('a release that came neither to its end nor back is tried with the same code again', () => {
  const stuck = { ...released, outcome: 'failed' } as const
  assert.match(sayOutcome(stuck).at(-1) ?? '', /: banyan release --again$/)
  assert.match(sayOutcome({ ...stuck, direction: 'undo' }).at(-1) ?? '', /: banyan undo$/)
})
