import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallerSession } from './caller-session.ts'
import { readToken, writeToken } from './token.ts'

const secret = 'secret'
const tokenOf = (term: number, lsn: bigint): string =>
  writeToken(new Map([['shard-1', { term, lsn }]]), secret)
const nothing = (): void => {}

test('a client that carries nothing has written nothing', () => {
  const session = new CallerSession([], secret, nothing)
  assert.equal(session.markOf('shard-1'), null)
  assert.equal(session.isReadable, true)
})

test('of several tokens the latest counts', () => {
  const tokens = [tokenOf(1, 5n), tokenOf(2, 3n), tokenOf(1, 9n)]
  assert.deepEqual(new CallerSession(tokens, secret, nothing).markOf('shard-1'), {
    term: 2,
    lsn: 3n,
  })
})

test('a token of another secret may stand for anything', () => {
  const session = new CallerSession([tokenOf(1, 5n)], 'another', nothing)
  assert.equal(session.isReadable, false)
})

test('what the request writes is in its token, and an older mark takes nothing back', () => {
  let changes = 0
  const session = new CallerSession([tokenOf(1, 5n)], secret, () => (changes += 1))
  session.wrote('shard-1', { term: 1, lsn: 20n })
  session.wrote('shard-1', { term: 1, lsn: 10n })
  session.wrote('shard-2', { term: 4, lsn: 1n })
  assert.equal(changes, 3)
  assert.deepEqual(
    readToken(session.token, secret),
    new Map([
      ['shard-1', { term: 1, lsn: 20n }],
      ['shard-2', { term: 4, lsn: 1n }],
    ]),
  )
})
