import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadAnswer, readAnswerHead } from './answer-head.ts'

const read = (text: string, method = 'GET') => readAnswerHead(text, method)

test('framing follows RFC 9112 §6.3', () => {
  assert.equal(read('HTTP/1.1 200 OK\r\nContent-Length: 5').framing, 5)
  assert.equal(read('HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked').framing, 'chunked')
  assert.equal(read('HTTP/1.1 200 OK').framing, 'close')
  assert.equal(read('HTTP/1.1 204 No Content\r\nContent-Length: 5').framing, 0)
  assert.equal(read('HTTP/1.1 304 Not Modified\r\nContent-Length: 5').framing, 0)
  assert.equal(read('HTTP/1.1 200 OK\r\nContent-Length: 5', 'HEAD').framing, 0)
  assert.equal(read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked', 'HEAD').framing, 0)
})

test('a connection is kept only where both the version and the headers say so', () => {
  const persistent = (text: string): boolean => read(`${text}\r\nContent-Length: 0`).persistent
  assert.equal(persistent('HTTP/1.1 200 OK'), true)
  assert.equal(persistent('HTTP/1.1 200 OK\r\nConnection: x, Close'), false)
  assert.equal(persistent('HTTP/1.0 200 OK'), false)
  assert.equal(persistent('HTTP/1.0 200 OK\r\nConnection: keep-alive'), true)
  assert.equal(read('HTTP/1.1 200 OK').persistent, false)
})

test('a status line needs neither a reason nor ASCII in it', () => {
  assert.equal(read('HTTP/1.1 200').status, 200)
  assert.equal(read('HTTP/1.1 299 \xe4 b').status, 299)
})

test('values keep what is within them and lose the blanks around', () => {
  const { headers } = read('HTTP/1.1 200 OK\r\nA: \t b  c\t \r\nB:\r\nC:d:e')
  assert.deepEqual(headers, ['A', 'b  c', 'B', '', 'C', 'd:e'])
})

test('the time that a server keeps connections is read', () => {
  const keep = (value: string) => read(`HTTP/1.1 200 OK\r\nKeep-Alive: ${value}`).keepAliveMs
  assert.equal(keep('timeout=5'), 5_000)
  assert.equal(keep('max=100, timeout=72'), 72_000)
  assert.equal(keep('max=100'), null)
})

for (const text of [
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1  200 OK',
  'HTTP/1.1 600 X',
  'HTTP/1.1 099 X',
  'HTTP/3 200 OK',
  ' HTTP/1.1 200 OK',
  'HTTP/1.1 200 OK\r\n: a',
  'HTTP/1.1 200 OK\r\nA',
  'HTTP/1.1 200 OK\r\nA\tB: c',
  'HTTP/1.1 200 OK\r\nContent-Length: ',
  'HTTP/1.1 200 OK\r\nContent-Length: 1e3',
  'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'HTTP/1.1 200 OK\r\nA: b\x7f',
]) {
  test(`${JSON.stringify(text)} is no head`, () => assert.throws(() => read(text), BadAnswer))
}
