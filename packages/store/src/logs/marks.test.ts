import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logFile } from '../testing/temporary.ts'
import { readMarks } from './marks.ts'

const begin = 1_795_300_000_000

test('climbs, faults, promotions and failed nodes become marks, with their length where they have one', (t) => {
  const kept = logFile(t)
  const say = (at: number, fields: Record<string, unknown>, message: string) => {
    const line = { at: begin + at, node: 'control', level: 'info' as const, trace: null }
    kept.write({ lines: [{ ...line, message, fields }], places: [] }, begin)
  }
  say(0, { type: 'climb', climb: 'c-1', outcome: 'begun', report: null }, 'Growing.')
  say(1, { type: 'step', kind: 'start-node', node: 'web-2' }, 'Start web-2.')
  say(2, { type: 'climb', climb: 'c-1', outcome: 'turned', report: null }, 'Going back.')
  say(3, { type: 'climb', climb: 'c-2', outcome: 'begun', report: null }, 'Releasing.')
  say(4, { type: 'climb', climb: 'c-1', outcome: 'undone', report: { direction: 'grow' } }, 'Back.')
  say(
    5,
    { type: 'climb', climb: 'c-2', outcome: 'done', report: { direction: 'release' } },
    'Live.',
  )
  say(6, { type: 'fault', node: 'db-1', fault: 'killed' }, 'Killed.')
  say(7, { type: 'node', node: 'db-1', health: 'failed' }, 'Failed.')
  say(8, { type: 'node', node: 'db-1', health: 'failed' }, 'Failed still.')
  say(9, { type: 'promotion', shard: 's', promotion: { to: 'db-2' } }, 'Promoted.')
  say(10, { type: 'node', node: 'db-1', health: 'healthy' }, 'Healthy.')
  say(11, { type: 'fault', node: 'web-1', fault: 'paused' }, 'Paused.')
  say(12, { type: 'fault', node: 'web-1', fault: 'resumed' }, 'Resumed.')
  say(13, { type: 'fault', node: 'web-1', fault: 'partitioned' }, 'Cut off.')
  say(14, { type: 'node', node: 'web-3', health: 'healthy' }, 'Healthy.')
  const marks = readMarks(kept.file, begin, begin + 100).map(
    ({ at, until, kind, node, sentence }) => [
      at - begin,
      until === undefined ? null : until - begin,
      kind,
      node,
      sentence,
    ],
  )
  assert.deepEqual(marks, [
    [0, 4, 'climb', null, 'Back.'],
    [3, 5, 'release', null, 'Live.'],
    [6, null, 'fault', 'db-1', 'Killed.'],
    [7, 10, 'node', 'db-1', 'Failed.'],
    [9, null, 'promotion', 'db-2', 'Promoted.'],
    [11, 12, 'fault', 'web-1', 'Paused.'],
    [13, null, 'fault', 'web-1', 'Cut off.'],
  ])
  const later = readMarks(kept.file, begin + 50, begin + 100)
  assert.deepEqual(
    later.map(({ sentence }) => sentence),
    ['Cut off.'],
  )
})
