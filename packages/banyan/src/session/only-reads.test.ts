import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { onlyReads } from './only-reads.ts'

const reads = [
  'select 1',
  '  -- of whom?\n select * from notes where id = $1;',
  'select "notes"."id", count(*)::int from "notes" where "id" in ($1, $2) group by 1',
  "select coalesce(json_agg(json_build_array(n.id, 'insert into x')), '[]'::json) from notes n",
  'with mine as (select id from notes where author = $1) select * from mine join notes using (id)',
  'values (1), (2)',
  'table notes',
  '/* delete */ select a.b from a order by (b)',
  'begin',
  'start transaction isolation level serializable',
  'rollback',
  "set search_path = 'app'",
  'show server_version',
]

const doubtful = [
  '',
  'insert into notes values (1)',
  'with gone as (delete from notes returning id) select * from gone',
  'with a as (insert into notes values (1) returning id) select * from a',
  'select * into copies from notes',
  'select add_note($1)',
  'select app.count(1)',
  'select "count"(1)',
  "select nextval('notes_id_seq')",
  "select set_config('a.b', 'c', false)",
  'select 1; delete from notes',
  "select 'a\\'; delete from notes; --'",
  'select $a$ text $a$',
  '/* /* */ */ select 1',
  "select 'open",
  'select * from notes for update',
  'commit',
  'end',
  'call do_it()',
  'do $$ begin end $$',
  'explain analyze delete from notes',
  'execute add',
  'copy notes from stdin',
  'fetch 3 from kept',
  'listen_to_me',
]

describe('a statement', () => {
  for (const text of reads) {
    it(`only reads: ${JSON.stringify(text)}`, () => assert.equal(onlyReads(text), true))
  }
  for (const text of doubtful) {
    it(`may write: ${JSON.stringify(text)}`, () => assert.equal(onlyReads(text), false))
  }
  it('is judged alike when it comes again', () => {
    assert.equal(onlyReads('select f()'), false)
    assert.equal(onlyReads('select f()'), false)
    assert.equal(onlyReads('select 2'), true)
    assert.equal(onlyReads('select 2'), true)
  })
})
