import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { isRefusedByPolicy, namedTables, wrongKey } from './wrong-key.ts'

const tables = [
  { name: 'notes', by: 'user_id' },
  { name: 'Users', by: 'id' },
  { name: 'a$b', by: 'id' },
]

const named = (text: string): string[] => namedTables(text, tables).map(({ name }) => name)

test('a statement names a table by a whole word, in whatever case and quotes', () => {
  assert.deepEqual(named('select * from notes'), ['notes'])
  assert.deepEqual(named('select * from public."Users", NOTES n'), ['notes', 'Users'])
  assert.deepEqual(named('select notes_count, mynotes, notesé from other'), [])
  assert.deepEqual(named('select notes_count from notes'), ['notes'])
  assert.deepEqual(named('truncate a$b'), ['a$b'])
  assert.deepEqual(named('truncate a$b$'), [])
})

test('the error names key, tables and statement, and its hint the columns', () => {
  const text = `select  *\n from notes where body = '${'x'.repeat(1_000)}'`
  const error = wrongKey('reached', { key: `o"hara`, tables }, { text, values: ['secret'] })
  assert.equal(error.code, 'BANYAN_WRONG_KEY')
  assert.match(
    error.message,
    /^In the scope of the key "o\\"hara" .*\(notes\): select \* from notes/,
  )
  assert.ok(error.message.length < 700)
  assert.match(error.hint ?? '', /notes\.user_id/)
  assert.doesNotMatch(JSON.stringify(error.details) + error.message, /secret/)
  assert.deepEqual(error.details.tables, ['notes'])
})

test('a statement that names no declared table is still told of', () => {
  const error = wrongKey('wrote', { key: 'k', tables }, { text: 'select f()', values: [] })
  assert.match(error.message, /writes a row of another key: select f\(\)$/)
})

test('only our policy makes a refused row a wrong key', () => {
  const refusal = (message: string, code: string) =>
    Object.assign(new pg.DatabaseError(message, message.length, 'error'), { code })
  const ours = 'new row violates row-level security policy "banyan_key" for table "notes"'
  assert.ok(isRefusedByPolicy(refusal(ours, '42501')))
  assert.ok(!isRefusedByPolicy(refusal(ours.replace('banyan_key', 'mine'), '42501')))
  assert.ok(!isRefusedByPolicy(refusal('permission denied for table notes', '42501')))
  assert.ok(!isRefusedByPolicy(refusal(ours, '42P01')))
  assert.ok(!isRefusedByPolicy(new Error(ours)))
})
