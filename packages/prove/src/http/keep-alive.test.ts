import assert from 'node:assert/strict'
import { test } from 'node:test'
import { travelMs, usableUntilMs } from './keep-alive.ts'

test('a connection is used until shortly before the announced time is over', () => {
  assert.equal(usableUntilMs({ 'keep-alive': 'timeout=5' }, 100), 5_100 - travelMs)
  assert.equal(usableUntilMs({ 'keep-alive': 'max=100, Timeout = 72' }, 0), 72_000 - travelMs)
  assert.equal(usableUntilMs({ 'keep-alive': 'timeout="3"' }, 0), 3_000 - travelMs)
})

test('where the announced time is no longer than the way there, it is not used again', () => {
  assert.ok(usableUntilMs({ 'keep-alive': 'timeout=1' }, 100) <= 100)
  assert.ok(usableUntilMs({ 'keep-alive': 'timeout=0' }, 100) < 100)
})

test('where nothing is announced, nothing is promised', () => {
  assert.equal(usableUntilMs({}, 100), Number.POSITIVE_INFINITY)
  assert.equal(usableUntilMs({ 'keep-alive': 'max=5' }, 100), Number.POSITIVE_INFINITY)
})
