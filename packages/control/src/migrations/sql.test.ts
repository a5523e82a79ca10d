import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStatements, placeInFile } from './sql.ts'

test('a file is split where PostgreSQL would split it', async () => {
  const statements = await parseStatements(
    `-- one; not two\nselect ';';\n create function f() returns int language sql begin atomic; select 1; end;\n\tdo $$ begin perform 1; end $$`,
  )
  assert.deepEqual(
    statements.map(({ sql, line, column, kind }) => [sql, line, column, kind]),
    [
      [`select ';'`, 2, 1, 'SelectStmt'],
      [
        'create function f() returns int language sql begin atomic; select 1; end',
        3,
        2,
        'CreateFunctionStmt',
      ],
      ['do $$ begin perform 1; end $$', 4, 2, 'DoStmt'],
    ],
  )
})

test('places count characters, whatever their bytes', async () => {
  const [, second] = await parseStatements(`select 'ü🌳'; select\n '🌳', x`)
  assert.ok(second)
  assert.deepEqual([second.line, second.column], [1, 14])
  assert.deepEqual(placeInFile(second, 1), { line: 1, column: 14 })
  assert.deepEqual(placeInFile(second, 14), { line: 2, column: 7 })
})

test('the places of many statements are found in one pass', async () => {
  const lines = Array.from({ length: 8000 }, (_, at) => `select '${'🌳'.repeat(150)}${at}';`)
  const startMs = performance.now()
  const statements = await parseStatements(lines.join('\n'))
  const ms = performance.now() - startMs
  assert.deepEqual(
    statements.map(({ line, column }) => [line, column]),
    lines.map((_, at) => [at + 1, 1]),
  )
  assert.ok(ms < 5000, `${ms} ms: the time grows with the square of the length`)
})

test('a text without statements has none, and one that is not understood comes back whole', async () => {
  for (const sql of ['', ' \n', '-- x', '/* x */', ';;'])
    assert.deepEqual(await parseStatements(sql), [])
  const statements = await parseStatements('select 1; selec 2')
  assert.deepEqual(
    statements.map(({ sql, kind }) => [sql, kind]),
    [['select 1; selec 2', null]],
  )
})
