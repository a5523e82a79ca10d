import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { ClimbReport, ControlEvent } from '@banyan/control/api'
import { ClimbScreen } from './climb-screen.ts'

const at = '2026-11-21T11:00:00.000Z'

/** A screen that keeps what is written to it, and a clock that the test moves. */
function makeScreen(options: { isTTY: boolean; columns?: number }) {
  let text = ''
  const clock = { ms: 0 }
  const stream = {
    isTTY: options.isTTY,
    columns: options.columns ?? 80,
    write: (piece: string | Uint8Array) => {
      text += String(piece)
      return true
    },
  }
  const screen = new ClimbScreen(stream as NodeJS.WriteStream, () => clock.ms)
  const plain = () => stripVTControlCharacters(text)
  return { screen, clock, raw: () => text, lines: () => plain().trimEnd().split('\n') }
}

const begin = (sentence: string): ControlEvent => ({
  at,
  type: 'climb',
  climb: 'c-1',
  outcome: 'begun',
  report: null,
  sentence,
})

const step = (
  place: readonly [number, number],
  sentence: string,
  outcome: 'begun' | 'done' | 'failed',
  ms: number | null = null,
): ControlEvent => ({
  at,
  type: 'step',
  kind: 'start-node',
  node: 'web-2',
  step: place[0],
  steps: place[1],
  sentence,
  outcome,
  ms,
})

const report: ClimbReport = {
  climb: 'c-1',
  direction: 'grow',
  from: ['single'],
  to: ['single', 'balanced'],
  outcome: 'done',
  steps: Array.from({ length: 7 }, () => ({
    kind: 'start-node',
    node: 'web-2',
    sentence: 'Start web-2.',
    ms: 12,
    outcome: 'done' as const,
  })),
  totalMs: 4_210,
  requests: { sent: 1_260, failed: 0 },
  longestWritePauseMs: 31.4,
  reason: null,
}

test('a climb is a line for each step that has ended, and a line that sums it up', () => {
  const { screen, lines } = makeScreen({ isTTY: false })
  screen.show(begin('From single to single and balanced: 2 steps.'))
  screen.show(step([1, 2], 'Start web-2.', 'begun'))
  screen.show({ at, type: 'node', node: 'web-2', health: 'starting', sentence: 'web-2 starts.' })
  screen.show({ at, type: 'progress', sentence: 'It listens.' })
  screen.show(step([1, 2], 'Start web-2.', 'done', 61))
  screen.show(step([2, 2], 'Let requests go to web-2.', 'begun'))
  screen.show(step([2, 2], 'Let requests go to web-2.', 'done', 1_204))
  screen.finish(report)
  assert.deepEqual(lines(), [
    'From single to single and balanced: 2 steps.',
    '    It listens.',
    '✓ 1/2 Start web-2. 61 ms',
    '✓ 2/2 Let requests go to web-2. 1.20 s',
    '7/7 steps in 4.2 s, 0 of 1,260 requests failed, longest write pause 31 ms',
  ])
})

test('steps are counted on when another control goes on with the climb', () => {
  const { screen, lines } = makeScreen({ isTTY: false })
  screen.show(step([1, 3], 'One.', 'done', 1))
  screen.show(step([2, 3], 'Two.', 'begun'))
  screen.lost()
  screen.show(begin('The climb to balanced goes on after 2 steps.'))
  screen.found()
  screen.show(step([1, 2], 'Two.', 'done', 1))
  screen.show(step([2, 2], 'Three.', 'done', 1))
  assert.deepEqual(
    lines().filter((line) => line.startsWith('✓')),
    ['✓ 1/3 One. 1 ms', '✓ 2/3 Two. 1 ms', '✓ 3/3 Three. 1 ms'],
  )
})

test('a climb that turns says so in a line, and all of the reason at its end', () => {
  const { screen, lines } = makeScreen({ isTTY: false })
  const message = 'web-2 exits at once (code 1), tried 3 times. Its last lines:\n  Error: no'
  screen.show(step([1, 3], 'Place web-2.', 'done', 1))
  screen.show(step([2, 3], 'Start web-2.', 'failed', 900))
  const turned = `The climb goes back to single. ${message}`
  screen.show({ ...begin(turned), outcome: 'turned' } as ControlEvent)
  screen.show(step([1, 1], 'Remove web-2.', 'done', 1))
  const hint = 'Mend it.'
  screen.finish({
    ...report,
    outcome: 'undone',
    steps: [
      { ...(report.steps[0] ?? assert.fail()), outcome: 'failed' },
      { ...(report.steps[0] ?? assert.fail()), outcome: 'interrupted', ms: null },
      ...report.steps.slice(0, 2),
    ],
    reason: { code: 'BANYAN_SERVICE_CRASHED', message, hint, details: {} },
  })
  assert.deepEqual(lines(), [
    '✓ 1/3 Place web-2. 1 ms',
    '✗ 2/3 Start web-2. 0.90 s',
    '↩ The climb goes back to single. web-2 exits at once (code 1), tried 3 times. Its last lines:',
    '✓ 3/3 Remove web-2. 1 ms',
    'Undone: single holds, as before the climb.',
    '  web-2 exits at once (code 1), tried 3 times. Its last lines:',
    '    Error: no',
    '  Mend it.',
    '2/3 steps in 4.2 s, 0 of 1,260 requests failed, longest write pause 31 ms',
  ])
})

test('what is not known is not claimed: no requests, no database of ours', () => {
  const { screen, lines } = makeScreen({ isTTY: false })
  const requests = { sent: 0, failed: 0 }
  screen.finish({ ...report, requests, longestWritePauseMs: null })
  assert.deepEqual(lines(), ['7/7 steps in 4.2 s, no requests'])
})

test('one of one is said in the singular, and long pauses in seconds', () => {
  const { screen, lines } = makeScreen({ isTTY: false })
  const requests = { sent: 1, failed: 1 }
  const steps = report.steps.slice(0, 1)
  screen.finish({ ...report, steps, requests, totalMs: 12, longestWritePauseMs: 2_345 })
  assert.deepEqual(lines(), ['1/1 step in 12 ms, 1 of 1 request failed, longest write pause 2.3 s'])
})

test('a climb without a step says what holds already', () => {
  const { screen, lines } = makeScreen({ isTTY: false })
  screen.finish({ ...report, steps: [], from: report.to })
  assert.deepEqual(lines(), ['There is nothing to do: single and balanced hold.'])
})

test('a node that fails is worth a line, one that starts or drains is not', () => {
  const { screen, lines } = makeScreen({ isTTY: false })
  for (const health of ['starting', 'draining', 'stopped', 'healthy', 'failed'] as const) {
    screen.show({ at, type: 'node', node: 'web-2', health, sentence: `web-2 is ${health}.` })
  }
  assert.deepEqual(lines(), ['● web-2 is failed.'])
})

test('a terminal shows how long the step under way takes, on a line that is written over', () => {
  const { screen, clock, raw } = makeScreen({ isTTY: true, columns: 30 })
  screen.show(step([1, 2], 'Start web-2, which has a long name.', 'begun'))
  clock.ms = 1_500
  screen.show({ at, type: 'progress', sentence: 'It listens.' })
  screen.show(step([1, 2], 'Start web-2, which has a long name.', 'done', 1_600))
  screen.end()
  const text = stripVTControlCharacters(raw())
  const drawn = text.split('\r').map((piece) => piece.split('\n')[0] ?? '')
  assert.ok(drawn.every((piece) => piece.length < 30 || piece.startsWith('✓')))
  assert.ok(raw().includes('\r\u001b[K✓') || raw().includes('\r\u001b[K\u001b'), raw())
  assert.match(text, /✓ 1\/2 Start web-2, which has a long name\. 1\.60 s\n$/)
})

test('no file gets the line that is written over', () => {
  const { screen, raw } = makeScreen({ isTTY: false })
  screen.show(step([1, 2], 'Start web-2.', 'begun'))
  screen.end()
  assert.equal(raw(), '')
})

test('a release ends with the name of what is live, before what it took', () => {
  const { screen, lines } = makeScreen({ isTTY: false })
  screen.finish({ ...report, direction: 'release', from: 'r1', to: 'r2' })
  assert.deepEqual(lines(), [
    '● r2 is live: 7/7 steps in 4.2 s, 0 of 1,260 requests failed, longest write pause 31 ms',
  ])
})
