import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadAnswer } from './answer-head.ts'
import { ChunkedDecoder } from './chunked-decoder.ts'

const seed = Number(process.env.BANYAN_SEED ?? Date.now() % 1_000_000)

/** A small generator of its own, so that a seed gives the same run everywhere. */
function randomOf(start: number): (below: number) => number {
  let state = start
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

function decode(pieces: readonly Buffer[]): { body: string; rest: string; done: boolean } {
  const decoder = new ChunkedDecoder()
  let body = ''
  for (const [n, piece] of pieces.entries()) {
    const end = decoder.read(piece, (data) => {
      body += data.toString('latin1')
    })
    if (end >= 0) {
      const rest = Buffer.concat([piece.subarray(end), ...pieces.slice(n + 1)]).toString('latin1')
      return { body, rest, done: true }
    }
  }
  return { body, rest: '', done: false }
}

test(`a body is the same in whatever pieces it arrives (seed ${seed})`, () => {
  const random = randomOf(seed)
  for (let run = 0; run < 300; run++) {
    let body = ''
    let coded = ''
    for (let chunk = random(6); chunk > 0; chunk--) {
      const text = String.fromCharCode(10 + random(200)).repeat(1 + random(300))
      const size = random(2)
        ? text.length.toString(16)
        : `0${text.length.toString(16).toUpperCase()}`
      body += text
      coded += `${size}${random(3) === 0 ? ' ;a="b"' : ''}\r\n${text}\r\n`
    }
    coded += `0\r\n${random(2) ? 'X-T: 1\r\n' : ''}\r\nbehind`
    const whole = Buffer.from(coded, 'latin1')
    const pieces: Buffer[] = []
    for (let at = 0; at < whole.length; ) {
      const step = 1 + random(random(2) ? 4 : 400)
      pieces.push(whole.subarray(at, at + step))
      at += step
    }
    assert.deepEqual(decode(pieces), { body, rest: 'behind', done: true })
    assert.equal(decode([whole.subarray(0, whole.length - 'behind'.length - 1)]).done, false)
  }
})

const bad = [
  'zz\r\n',
  '-1\r\n',
  '+1\r\n',
  '0x1\r\n',
  ' 1\r\n',
  '\r\n',
  '1\nx\n',
  '5\r\nhelloX\r\n',
  '5\r\nhello\n',
  'fffffffffffffffff\r\n',
  `5;${'x'.repeat(2_000)}`,
  `0\r\n${'x: y\r\n'.repeat(5_000)}`,
]

for (const coded of bad) {
  test(`${JSON.stringify(coded.slice(0, 20))} is refused, in one piece and byte by byte`, () => {
    const bytes = Buffer.from(coded)
    assert.throws(() => decode([bytes]), BadAnswer)
    assert.throws(() => decode([...bytes].map((byte) => Buffer.from([byte]))), BadAnswer)
  })
}
