import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameFollower, goingAwayFrame } from './frames.ts'

const seed = Number(process.env.BANYAN_SEED ?? Date.now() % 1_000_000)

function frame(opcode: number, size: number, masked: boolean): Buffer {
  const length =
    size < 126
      ? [size]
      : size < 65_536
        ? [126, size >> 8, size & 255]
        : [127, 0, 0, 0, 0, 0, size >> 16, (size >> 8) & 255, size & 255]
  const [first = 0, ...more] = length
  const mask = masked ? [1, 2, 3, 4] : []
  const head = Buffer.from([0x80 | opcode, first | (masked ? 0x80 : 0), ...more, ...mask])
  // A payload that looks like close frames: it must never be read as one.
  return Buffer.concat([head, Buffer.alloc(size, 0x88)])
}

test(`boundaries are found in whatever pieces frames arrive (seed ${seed})`, () => {
  let state = seed
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
  for (let run = 0; run < 200; run++) {
    const sizes = Array.from(
      { length: 1 + random(6) },
      () => [0, 1, 125, 126, 300, 65_535, 66_000][random(7)] as number,
    )
    const frames = sizes.map((size) => frame(random(3), size, random(2) === 0))
    const ends = new Set<number>()
    let sum = 0
    for (const one of frames) {
      sum += one.length
      ends.add(sum)
    }
    const bytes = Buffer.concat(frames)
    const follower = new FrameFollower()
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + 1 + random(random(2) ? 3 : 5_000))
      const found = follower.follow(piece)
      const expected = [...ends].find((end) => end > at && end <= at + piece.length)
      assert.equal(found, expected === undefined ? -1 : expected - at)
      at += piece.length
      assert.equal(follower.atBoundary, ends.has(at))
    }
    assert.equal(follower.closed, false)
  }
})

test('a close frame is seen, and nothing behind it', () => {
  for (const masked of [true, false]) {
    const follower = new FrameFollower()
    const bytes = Buffer.concat([frame(1, 10, masked), goingAwayFrame(masked), Buffer.alloc(5)])
    assert.equal(follower.follow(bytes), bytes.length - 5 - goingAwayFrame(masked).length)
    assert.equal(follower.closed, true)
  }
})

test('the close frame says 1001, masked for a server', () => {
  assert.deepEqual([...goingAwayFrame(false)], [0x88, 2, 0x03, 0xe9])
  const [first, second, a = 0, b = 0, , , x = 0, y = 0] = goingAwayFrame(true)
  assert.deepEqual([first, second, x ^ a, y ^ b], [0x88, 0x82, 0x03, 0xe9])
})
