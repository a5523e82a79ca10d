import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AnswerReader } from './answer-reader.ts'
import type { Position } from './position.ts'

function message(kind: string, body: Buffer): Buffer {
  const header = Buffer.alloc(5)
  header.write(kind, 'latin1')
  header.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([header, body])
}

function row(...columns: readonly (string | null)[]): Buffer {
  const parts = columns.map((column) => {
    const text = Buffer.from(column ?? '')
    const length = Buffer.alloc(4)
    length.writeInt32BE(column === null ? -1 : text.length)
    return Buffer.concat([length, text])
  })
  return message('D', Buffer.concat([Buffer.from([0, columns.length]), ...parts]))
}

const ready = message('Z', Buffer.from('I'))
const answer = (...columns: readonly (string | null)[]): Buffer =>
  Buffer.concat([
    message('2', Buffer.alloc(0)),
    row(...columns),
    message('C', Buffer.from('SELECT 1\0')),
    ready,
  ])

test('an answer is read, however it is cut into pieces', () => {
  const bytes = Buffer.concat([answer('f', '3', '16/B374D848'), answer('t', '12', '0/10')])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (sizes) => {
      const got: (Position | null)[] = []
      const reader = new AnswerReader((position) => got.push(position))
      let at = 0
      for (const size of [...sizes, bytes.length]) {
        if (at < bytes.length) reader.take(bytes.subarray(at, at + size))
        at += size
      }
      assert.deepEqual(got, [
        { inRecovery: false, term: 3, lsn: 97_500_059_720n },
        { inRecovery: true, term: 12, lsn: 16n },
      ])
    }),
  )
})

test('an error of the server is an answer without a position, and the next one is read as ever', () => {
  const got: (Position | null)[] = []
  const reader = new AnswerReader((position) => got.push(position))
  reader.take(Buffer.concat([message('E', Buffer.from('SERROR\0\0')), ready]))
  reader.take(message('N', Buffer.from('SWARNING\0\0')))
  reader.take(answer('f', '1', '0/1'))
  assert.deepEqual(got, [null, { inRecovery: false, term: 1, lsn: 1n }])
})

test('a server that has no term, or no position yet, has no place', () => {
  const got: (Position | null)[] = []
  const reader = new AnswerReader((position) => got.push(position))
  reader.take(answer('f', null, '0/1'))
  reader.take(answer('t', '1', null))
  assert.deepEqual(got, [null, null])
})
