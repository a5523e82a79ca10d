import assert from 'node:assert/strict'
import { test } from 'node:test'
import { querySummary } from './query-summary.ts'

test('a summary says what is done to which tables', () => {
  for (const [operation, text, summary] of [
    ['SELECT', 'select * from articles where id = $1', 'SELECT articles'],
    [
      'SELECT',
      'select a.* from public.articles a join users u on u.id = a.author left join users v on true',
      'SELECT public.articles users',
    ],
    ['INSERT', 'insert into tags (name) values ($1) on conflict do nothing', 'INSERT tags'],
    ['UPDATE', 'update only users set email = $1', 'UPDATE users'],
    ['DELETE', 'with gone as (select id from old) delete from notes', 'DELETE old notes'],
    ['BEGIN', 'begin', 'BEGIN'],
    ['SELECT', 'select now() from (select 1) as one', 'SELECT'],
    ['SELECT', 'select * from unnest($1::text[]) as name', 'SELECT'],
  ] as const) {
    assert.equal(querySummary(operation, text), summary, text)
  }
})

test('nothing that may be a value is in a summary', () => {
  for (const text of [
    "select 'from secret where'",
    "select 'it''s from secret'",
    'select 1 -- from secret',
    'select /* from secret */ 1',
    'select $$ from secret $$',
    'select $a$ from secret $a$',
    "select E'\\' from secret'",
    'select * from "secret from secret"',
    "insert into notes values ('into secret')",
  ]) {
    assert.doesNotMatch(querySummary('SELECT', text), /secret/, text)
  }
})

test('a summary is short', () => {
  const text = Array.from({ length: 500 }, (_, at) => `join table_number_${at} on true`).join(' ')
  assert.ok(querySummary('SELECT', `select * from a ${text}`).length <= 120)
  assert.equal(querySummary('SELECT', `select * from a ${'x'.repeat(30_000)}`), 'SELECT')
})
