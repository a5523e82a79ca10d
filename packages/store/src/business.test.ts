import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerBusiness } from './business.ts'
import type { LogFile, NodeLine } from './logs/log-file.ts'
import { logFile } from './testing/temporary.ts'

const dayMs = 86_400_000
const today = Math.floor(1_795_300_000_000 / dayMs)
const now = today * dayMs + 3_600_000

/** An event of a subject, so many days ago. */
function record(
  kept: LogFile,
  event: string,
  subject: string | null,
  daysAgo: number,
  node = 'web-1',
) {
  const line: NodeLine = {
    at: (today - daysAgo) * dayMs + 1_000,
    node,
    level: 'info',
    message: 'event',
    trace: null,
    fields: { event, ...(subject !== null && { subject }) },
  }
  kept.write({ lines: [line], places: [] }, now)
}

const active = { kind: 'count', event: 'user.active', of: 'subjects' } as const

test('active users are different subjects of the last days, each counted once', (t) => {
  const kept = logFile(t)
  for (const [subject, daysAgo] of [
    ['a', 0],
    ['a', 0],
    ['b', 0],
    ['a', 1],
    ['c', 6],
    ['d', 7],
  ] as const)
    record(kept, 'user.active', subject, daysAgo)
  record(kept, 'user.active', null, 0)
  const { metrics } = answerBusiness(
    kept.file,
    [
      { ...active, name: 'daily', days: 1 },
      { ...active, name: 'weekly', days: 7 },
    ],
    now,
  )
  assert.deepEqual(
    metrics.map(({ name, value, unit }) => [name, value, unit]),
    [
      ['daily', 2, 'count'],
      ['weekly', 3, 'count'],
    ],
  )
  const daily = metrics[0]?.days.slice(-8).map(({ value }) => value)
  assert.deepEqual(daily, [1, 1, 0, 0, 0, 0, 1, 2])
  assert.equal(metrics[0]?.days.at(-1)?.day, new Date(now).toISOString().slice(0, 10))
  assert.equal(metrics[0]?.days.at(-9)?.value, null)
})

test('events are counted, those with a subject once for it, however many processes say it', (t) => {
  const kept = logFile(t)
  for (const node of ['web-1', 'web-2']) record(kept, 'article.published', 'article-1', 0, node)
  record(kept, 'article.published', null, 0)
  record(kept, 'article.published', null, 0)
  const metric = {
    kind: 'count',
    event: 'article.published',
    of: 'events',
    days: 1,
    name: 'x',
  } as const
  assert.equal(answerBusiness(kept.file, [metric], now).metrics[0]?.value, 3)
})

test('retention is the part that came again so many days later, of the newest day that is over', (t) => {
  const kept = logFile(t)
  for (const subject of ['a', 'b', 'c', 'd']) record(kept, 'user.registered', subject, 8)
  for (const subject of ['a', 'b', 'c', 'x']) record(kept, 'user.active', subject, 1)
  record(kept, 'user.active', 'd', 2)
  record(kept, 'user.registered', 'e', 7)
  const metric = {
    kind: 'retention',
    event: 'user.active',
    since: 'user.registered',
    name: 'week',
  } as const
  const { metrics } = answerBusiness(
    kept.file,
    [
      { ...metric, days: 7 },
      { ...metric, days: 30 },
      { ...metric, days: 7, since: 'never' },
    ],
    now,
  )
  assert.deepEqual(
    metrics.map(({ value, unit }) => [value, unit]),
    [
      [0.75, 'ratio'],
      [null, 'ratio'],
      [null, 'ratio'],
    ],
  )
})
