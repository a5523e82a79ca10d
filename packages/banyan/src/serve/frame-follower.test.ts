import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeFrame, FrameFollower } from './frame-follower.ts'

function frame(opcode: number, length: number, { masked = false, isLast = true } = {}): Buffer {
  const first = (isLast ? 0x80 : 0) | opcode
  const mask = masked ? 0x80 : 0
  const header =
    length < 126
      ? Buffer.from([first, mask | length])
      : length < 65_536
        ? Buffer.from([first, mask | 126, length >> 8, length & 0xff])
        : Buffer.concat([Buffer.from([first, mask | 127, 0, 0, 0, 0]), word(length)])
  // Every byte of the payload could be taken for the head of a close frame.
  return Buffer.concat([header, Buffer.alloc(masked ? 4 : 0, 0x88), Buffer.alloc(length, 0x88)])
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]
const frames = lengths.flatMap((length) => [
  frame(2, length),
  frame(1, length, { isLast: false }),
  frame(0, length, { masked: true }),
])

test('the end of every frame is found, whatever pieces it comes in', () => {
  const bytes = Buffer.concat(frames)
  const ends = new Set(
    frames.map((_, n) => frames.slice(0, n + 1).reduce((sum, { length }) => sum + length, 0)),
  )
  for (const size of [1, 2, 3, 7, 125, 4_096, bytes.length]) {
    const follower = new FrameFollower()
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size)
      follower.take(piece)
      assert.equal(follower.atBoundary, ends.has(at + piece.length), `pieces of ${size} at ${at}`)
    }
    assert.equal(follower.closed, false)
  }
})

test('one frame at a time is taken from a piece with several', () => {
  const bytes = Buffer.concat(frames)
  const follower = new FrameFollower()
  const taken: number[] = []
  for (let at = 0; at < bytes.length; at += taken.at(-1) as number) {
    taken.push(follower.takeFrame(bytes, at))
    assert.equal(follower.atBoundary, true)
  }
  assert.deepEqual(
    taken,
    frames.map(({ length }) => length),
  )
})

test('a close frame is seen once it is whole, and ours is one', () => {
  const follower = new FrameFollower()
  const bytes = closeFrame(1001)
  assert.deepEqual([...bytes], [0x88, 0x02, 0x03, 0xe9])
  follower.take(bytes.subarray(0, 3))
  assert.equal(follower.closed, false)
  follower.take(bytes.subarray(3))
  assert.equal(follower.closed, true)
  const empty = new FrameFollower()
  empty.take(frame(8, 0))
  assert.equal(empty.closed, true)
})
