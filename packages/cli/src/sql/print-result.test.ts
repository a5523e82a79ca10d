import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeResult, jsonOf } from './print-result.ts'

const result = {
  command: 'SELECT',
  columns: ['n', 'text'],
  typeIds: [23, 25],
  rows: [
    ['1', 'a\nb'],
    ['100', null],
  ],
  rowCount: 2,
}

test('a table has its numbers at the right and no line ends inside', () => {
  assert.equal(
    describeResult(result),
    ' n   | text\n-----+------\n   1 | a↵b\n 100 |\n(2 rows)\n\n',
  )
})

test('what could command a terminal is not printed', () => {
  const text = describeResult({ ...result, rows: [['1', '\u001b[31mred']] })
  assert.ok(!text.includes('\u001b'))
})

test('a statement without columns is named with its rows', () => {
  const none = { columns: [], typeIds: [], rows: [] }
  assert.equal(describeResult({ ...none, command: 'UPDATE', rowCount: 3 }), 'UPDATE 3\n')
  assert.equal(describeResult({ ...none, command: 'CREATE', rowCount: null }), 'CREATE\n')
})

test('in JSON small numbers, booleans and JSON are themselves, and all else is exact text', () => {
  const text = jsonOf({
    command: 'SELECT',
    columns: ['small', 'big', 'yes', 'json', 'exact'],
    typeIds: [23, 20, 16, 3802, 1700],
    rows: [['1', '9007199254740993', 't', '{"a":[1]}', '1.10']],
    rowCount: 1,
  })
  assert.deepEqual(JSON.parse(text).rows, [[1, '9007199254740993', true, { a: [1] }, '1.10']])
})
