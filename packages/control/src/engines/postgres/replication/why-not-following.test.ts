import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLeftOut } from './excluded.ts'
import { reasonIn } from './why-not-following.ts'

const streamed = 'LOG:  started streaming WAL from primary at 0/3000000 on timeline 1\n'
const removed =
  'FATAL:  could not receive data from WAL stream: ERROR:  requested WAL segment 000000010000000000000003 has already been removed\n'

test('a replica that lost its WAL cannot follow', () => {
  assert.match(reasonIn(streamed + removed) ?? '', /no longer has the WAL/)
})

test('what was said before it streamed, or of another primary, no longer counts', () => {
  assert.equal(reasonIn(removed + streamed), null)
  const changed = 'LOG:  parameter "primary_conninfo" changed to "host=\'127.0.0.3\'"\n'
  assert.equal(reasonIn(streamed + removed + changed), null)
})

test('a primary that is away for a moment is no reason', () => {
  assert.equal(
    reasonIn('FATAL:  could not connect to the primary server: Connection refused\n'),
    null,
  )
})

test('WAL that the primary does not have is one', () => {
  const forked =
    'LOG:  new timeline 2 forked off current database system timeline 1 before current recovery point 0/4000000\n'
  assert.match(reasonIn(forked) ?? '', /has WAL that the primary does not have/)
})

test('a copy leaves out what is of one server only, and nothing else', () => {
  for (const name of ['postmaster.pid', 'standby.signal', 'promote', 'pgsql_tmp12.3', 't3_16384']) {
    assert.equal(isLeftOut(name), true, name)
  }
  for (const name of ['PG_VERSION', '16384', '16384_fsm', '16384.1', 'tz', 'pg_filenode.map']) {
    assert.equal(isLeftOut(name), false, name)
  }
})
