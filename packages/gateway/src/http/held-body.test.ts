import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { HeldBody } from './held-body.ts'

class Request extends EventEmitter {
  pause(): void {}
  resume(): void {}
}

test('a body in the smallest of pieces is kept whole, and not in as many pieces', () => {
  const request = new Request()
  const limits = { heldBytesMax: 65_536, bodyBytesMax: 1_000_000 }
  const body = new HeldBody(request as unknown as IncomingMessage, limits, () => {})
  body.give({ onPiece: () => true, onBodyEnd: () => {} })
  for (let at = 0; at < 60_000; at++) request.emit('data', Buffer.alloc(1, at % 251))
  const pieces: Buffer[] = []
  body.give({ onPiece: (piece) => pieces.push(piece) > 0, onBodyEnd: () => {} })
  assert.ok(pieces.length < 100, `${pieces.length} pieces`)
  assert.equal(body.whole().length, 60_000)
  assert.ok(Buffer.concat(pieces).every((byte, at) => byte === at % 251))
})
