import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionsAllowed, type Facts } from './facts.ts'
import { judge } from './judge.ts'

/* Servers that cannot be had here (13, 19) are judged by what they would say of themselves. */

const good: Facts = {
  versionNumber: 170_004,
  version: '17.4',
  encoding: 'UTF8',
  isStandby: false,
  primary: null,
  isReadOnly: false,
  user: 'ann',
  connections: { max: 100, reserved: 3, used: 10, userMax: -1, databaseMax: -1 },
  pooled: false,
}
const need = { name: 'db.example:5432/shop', connections: 2 }

test('PostgreSQL 14 to 18 is adopted, an older and a newer one is refused with its version', () => {
  for (const [versionNumber, fits] of [
    [90_624, false],
    [130_021, false],
    [140_000, true],
    [150_013, true],
    [180_004, true],
    [190_000, false],
  ] as const) {
    const version = `${versionNumber / 10_000}`
    const reason = judge({ ...good, versionNumber, version }, need)
    if (fits) assert.equal(reason, null)
    else {
      assert.equal(reason?.code, 'BANYAN_ADOPTED_UNSUPPORTED')
      assert.match(reason.message, new RegExp(`db\\.example:5432/shop is PostgreSQL ${version};`))
    }
  }
  assert.match(judge({ ...good, versionNumber: 130_021 }, need)?.hint ?? '', /Upgrade the server/)
  assert.match(judge({ ...good, versionNumber: 190_000 }, need)?.hint ?? '', /Update Banyan/)
})

test('what takes no writes is refused, a standby with its primary where that is known', () => {
  const standby = judge({ ...good, isStandby: true }, need)
  assert.equal(standby?.code, 'BANYAN_ADOPTED_READ_ONLY')
  const known = judge({ ...good, isStandby: true, primary: '10.0.0.1:5432' }, need)
  assert.match(known?.message ?? '', /standby of 10\.0\.0\.1:5432/)
  assert.match(known?.hint ?? '', /10\.0\.0\.1:5432/)
  assert.match(judge({ ...good, isReadOnly: true }, need)?.message ?? '', /read only for "ann"/)
})

test('the connections of user, database and server are counted, whichever is the least', () => {
  const { connections } = good
  const allowed = (part: Partial<typeof connections>) =>
    connectionsAllowed({ ...good, connections: { ...connections, ...part } })
  assert.equal(allowed({}), 97)
  assert.equal(allowed({ userMax: 5 }), 5)
  assert.equal(allowed({ databaseMax: 4, userMax: 5 }), 4)
  assert.equal(allowed({ userMax: 0 }), 0)
})

test('a server without connections for the services is refused, unless a pooler makes room', () => {
  const full: Facts = { ...good, connections: { ...good.connections, used: 96 } }
  const reason = judge(full, need)
  assert.equal(reason?.code, 'BANYAN_ADOPTED_REFUSED')
  assert.match(reason.message, /1 of 97 connections left, and the services need at least 2/)
  assert.equal(judge(full, { ...need, connections: 1 }), null)
  assert.equal(judge({ ...full, pooled: true }, need), null)
})

test('a server of another encoding is refused', () => {
  assert.match(
    judge({ ...good, encoding: 'SQL_ASCII' }, need)?.message ?? '',
    /SQL_ASCII, not UTF8/,
  )
})
