import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClimbReport, ControlEvent } from '@banyan/control/api'
import { climbNow } from '../../live/climb-now.ts'
import { endedClimbs, heldSince, titleOf } from './climb-words.ts'

const at = (ms: number) => new Date(ms).toISOString()
const step = (ms: number, sentence: string, outcome: string, took: number | null = null) =>
  ({
    at: at(ms),
    type: 'step',
    kind: 'x',
    node: null,
    step: 1,
    steps: 2,
    outcome,
    ms: took,
    sentence,
  }) as ControlEvent
const climb = (
  ms: number,
  id: string,
  outcome: string,
  report: Partial<ClimbReport> | null = null,
) =>
  ({
    at: at(ms),
    type: 'climb',
    climb: id,
    outcome,
    report,
    sentence: `${id} ${outcome}`,
  }) as ControlEvent

const grown = {
  direction: 'grow',
  from: ['single'],
  to: ['single', 'balanced'],
  outcome: 'done',
} as const

test('the climb that goes on has its own steps only, with what became of each', () => {
  const events = [
    step(1, 'An older step.', 'begun'),
    climb(10, 'c-1', 'begun'),
    step(20, 'Make web-2.', 'begun'),
    step(50, 'Make web-2.', 'done', 30),
    step(60, 'Start web-2.', 'begun'),
  ]
  const now = climbNow({ id: 'c-1', step: 2, steps: 2 }, events)
  assert.equal(now?.begunAt, 10)
  assert.deepEqual(
    now.steps.map(({ sentence, state, ms }) => [sentence, state, ms]),
    [
      ['Make web-2.', 'done', 30],
      ['Start web-2.', 'going', null],
    ],
  )
})

test('a climb that turned says so, and the steps of the way back come after', () => {
  const now = climbNow({ id: 'c-1', step: 1, steps: 1 }, [
    climb(10, 'c-1', 'begun'),
    step(20, 'Start web-2.', 'begun'),
    step(30, 'Start web-2.', 'failed', 10),
    climb(31, 'c-1', 'turned'),
    step(32, 'Remove web-2.', 'begun'),
  ])
  assert.equal(now?.isTurned, true)
  assert.deepEqual(
    now?.steps.map(({ state }) => state),
    ['failed', 'going'],
  )
})

test('of a climb whose begin is not kept no time is made up', () => {
  const now = climbNow({ id: 'c-2', step: 2, steps: 9 }, [
    climb(1, 'c-1', 'done', grown),
    step(5, 'Start web-2.', 'begun'),
  ])
  assert.equal(now?.begunAt, null)
  assert.equal(now?.steps.length, 1)
})

test('without a climb there is none', () => {
  assert.equal(climbNow(null, [climb(1, 'c-1', 'begun')]), null)
})

test('a rung holds since the climb that added it, and not once another took it back', () => {
  const added = climb(100, 'c-1', 'done', grown)
  const taken = climb(200, 'c-2', 'done', {
    ...grown,
    direction: 'shrink',
    from: grown.to,
    to: grown.from,
  })
  const failed = climb(300, 'c-3', 'undone', { ...grown, outcome: 'undone' })
  assert.equal(heldSince('balanced', endedClimbs([added])), 100)
  assert.equal(heldSince('single', endedClimbs([added])), null)
  assert.equal(heldSince('balanced', endedClimbs([added, taken, failed])), null)
})

test('a climb is named by what it gained or gave up', () => {
  const report = { ...grown } as unknown as ClimbReport
  assert.equal(titleOf(report), 'Grow to balanced')
  assert.equal(titleOf({ ...report, direction: 'release', from: 'r1', to: 'r2' }), 'Release r2')
})
