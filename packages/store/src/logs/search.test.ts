import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { LogLevel, LogQuery } from '../api/types.ts'
import { logFile } from '../testing/temporary.ts'
import type { NodeLine } from './log-file.ts'
import { searchLogs } from './search.ts'
import { matcherOf } from './words.ts'

const begin = 1_795_300_000_000

const line = (at: number, message: string, more: Partial<NodeLine> = {}): NodeLine => ({
  at: begin + at,
  node: 'web-1',
  level: 'info',
  message,
  trace: null,
  fields: {},
  ...more,
})

const lines = [
  line(0, 'listening', { fields: { url: 'http://127.0.0.1:80' } }),
  line(1, 'request finished', { fields: { path: '/api/articles', status: 200 } }),
  line(2, 'request finished', {
    node: 'web-2',
    fields: { path: '/api/articles/über-uns', status: 500 },
    level: 'error',
  }),
  line(3, 'BANYAN_CLIMB_RUNNING: a climb goes on', { level: 'warn', node: 'control' }),
  line(4, 'db-2 is caught up', { node: 'db-2', trace: 'abcdef0123456789abcdef0123456789' }),
]

function written(t: TestContext) {
  const kept = logFile(t)
  kept.write({ lines, places: [] }, begin)
  return kept.file
}

/** What each finds, as numbers of `lines`, the newest first. */
const cases: readonly [LogQuery, number[]][] = [
  [{}, [4, 3, 2, 1, 0]],
  [{ text: 'finished' }, [2, 1]],
  [{ text: 'FINISHED request' }, [2, 1]],
  [{ text: '"finished request"' }, []],
  [{ text: '"request finished"' }, [2, 1]],
  [{ text: 'request -uber' }, [1]],
  [{ text: '-request' }, [4, 3, 0]],
  [{ text: 'arti*' }, [2, 1]],
  [{ text: 'db-2' }, [4]],
  [{ text: 'BANYAN_CLIMB_RUNNING' }, [3]],
  [{ text: 'status 500' }, [2]],
  [{ text: '/api/articles/über-uns' }, [2]],
  [{ text: 'nothing' }, []],
  [{ text: '" AND ) OR * tags:n1' }, []],
  [{ text: '***' }, [4, 3, 2, 1, 0]],
  [{ nodes: ['web-1', 'control'] }, [3, 1, 0]],
  [{ nodes: ['gone'] }, []],
  [{ level: 'warn' as LogLevel }, [3, 2]],
  [{ level: 'warn' as LogLevel, text: 'finished', nodes: ['web-2'] }, [2]],
  [{ trace: 'abcdef0123456789abcdef0123456789' }, [4]],
]

for (const [query, found] of cases) {
  test(`${JSON.stringify(query)} finds ${JSON.stringify(found)}, in the file and as lines come`, (t) => {
    const messages = searchLogs(written(t), query).lines.map(({ at }) => at - begin)
    assert.deepEqual(messages, found)
    const live = lines.flatMap((one, at) => (matcherOf(query)(one) ? [at] : []))
    assert.deepEqual(live.reverse(), found)
  })
}

test('a span of time is found, and one page after the other without a line twice', (t) => {
  const kept = logFile(t)
  const many = Array.from({ length: 50 }, (_, at) => line(Math.floor(at / 10), `line ${at}`))
  kept.write({ lines: many, places: [] }, begin)
  const seen: string[] = []
  let before: string | undefined
  do {
    const page = searchLogs(kept.file, {
      text: 'line',
      from: begin + 1,
      to: begin + 3,
      limit: 7,
      ...(before !== undefined && { before }),
    })
    seen.push(...page.lines.map(({ message }) => message))
    before = page.before ?? undefined
  } while (before !== undefined)
  assert.deepEqual(
    seen,
    Array.from({ length: 30 }, (_, at) => `line ${39 - at}`),
  )
})

test('lines that are read late stand where they belong, and more of a moment than there is room for as well', (t) => {
  const kept = logFile(t)
  kept.write({ lines: [line(5, 'late')], places: [] }, begin)
  const many = Array.from({ length: 5_000 }, (_, at) => line(1, `early ${at}`))
  kept.write({ lines: many, places: [] }, begin)
  const { lines: found } = searchLogs(kept.file, { limit: 2 })
  assert.deepEqual(
    found.map(({ message }) => message),
    ['late', 'early 4999'],
  )
  assert.equal(kept.lines, 5_001)
})

test('what is too old or too much is deleted, from the index as well', (t) => {
  const kept = logFile(t)
  const many = Array.from({ length: 3_000 }, (_, at) => line(at, `word ${at}`))
  kept.write({ lines: many, places: [] }, begin)
  assert.equal(kept.forget({ before: begin + 2_900, bytes: 1e9 }), true)
  assert.equal(kept.forget({ before: begin + 2_900, bytes: 1e9 }), false)
  assert.equal(kept.lines, 100)
  assert.equal(searchLogs(kept.file, { text: 'word', limit: 1_000 }).lines.length, 100)
  while (kept.forget({ before: 0, bytes: 1 }));
  assert.equal(kept.lines, 0)
})
