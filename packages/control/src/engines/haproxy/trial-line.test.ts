import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHaproxyLine } from './trial-line.ts'

test('a line tells of the node, and only of the time that the node took', () => {
  assert.deepEqual(readHaproxyLine('web-1 200 12 0 0 --'), { node: 'web-1', ms: 12, failed: false })
  const slowClient = readHaproxyLine('web-1 200 9012 5000 4000 --')
  assert.deepEqual(slowClient, { node: 'web-1', ms: 12, failed: false })
})

test('what a server fails is a failure, what a client breaks off is none', () => {
  assert.equal(readHaproxyLine('web-1 500 3 0 0 --')?.failed, true)
  assert.equal(readHaproxyLine('web-1 502 3 0 0 SH')?.failed, true)
  assert.equal(readHaproxyLine('web-1 200 3 0 0 SD')?.failed, true)
  assert.equal(readHaproxyLine('web-1 504 60000 0 0 sH')?.failed, true)
  assert.equal(readHaproxyLine('web-1 404 3 0 0 --')?.failed, false)
  assert.equal(readHaproxyLine('web-1 400 3 0 0 CH')?.failed, false)
  assert.equal(readHaproxyLine('web-1 200 3 0 0 CD')?.failed, false)
})

test('nothing is told by a WebSocket, nor by a client that left before it was connected', () => {
  assert.equal(readHaproxyLine('web-1 101 60000 0 0 --'), null)
  assert.equal(readHaproxyLine('web-1 503 2000 0 -1 CC'), null)
  assert.equal(readHaproxyLine('- 404 0 0 -1 LR'), null)
  assert.equal(readHaproxyLine('something else'), null)
})
