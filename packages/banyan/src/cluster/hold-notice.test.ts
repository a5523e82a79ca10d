import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseHold } from './hold-notice.ts'

it('a hold names its shard and its time', () => {
  const payload = '{"shard":"shard-1","holdMs":2000}'
  assert.deepEqual(parseHold(payload), { shard: 'shard-1', holdMs: 2_000, heir: null })
})

it('a heir may be announced before anything is held', () => {
  const notice = parseHold('{"shard":"shard-1","holdMs":0,"heir":"db-3"}')
  assert.deepEqual(notice, { shard: 'shard-1', holdMs: 0, heir: 'db-3' })
})

it('a hold is bounded, whatever it asks for', () => {
  assert.equal(parseHold('{"shard":"shard-1","holdMs":1e9}')?.holdMs, 30_000)
})

it('what cannot be understood holds nothing up', () => {
  for (const payload of ['', '{', 'null', '{"shard":1,"holdMs":1}', '{"shard":"a","holdMs":-1}']) {
    assert.equal(parseHold(payload), null, payload)
  }
})
