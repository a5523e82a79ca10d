import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queryString } from './query-string.ts'

test('a question is a query string, lists value by value, and nothing of what is not asked', () => {
  assert.equal(queryString({}), '')
  assert.equal(queryString({ text: '', level: undefined, trace: null }), '')
  assert.equal(
    queryString({ nodes: ['web-1', 'db 1'], errors: false, limit: 50, text: 'a&b="c"' }),
    '?nodes=web-1&nodes=db+1&errors=false&limit=50&text=a%26b%3D%22c%22',
  )
})
