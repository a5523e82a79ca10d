import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBlock, encodeBlock } from './block.ts'

const value = fc.oneof(
  fc.double({ noDefaultInfinity: false, noNaN: false }),
  fc.integer(),
  fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 51)),
)

test('whatever is packed comes out as it was, gaps too', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(10_000), { minLength: 1, maxLength: 70 }),
      fc.array(fc.array(value, { minLength: 70, maxLength: 70 }), { maxLength: 5 }),
      (steps, series) => {
        let at = 1_795_000_000_000
        const times = steps.map((step) => (at += step))
        const rows = new Map(series.map((row, id) => [id * 1_000, row.slice(0, times.length)]))
        const found = decodeBlock(encodeBlock({ times, rows }))
        assert.deepEqual(found.times, times)
        for (const [id, row] of rows) {
          // A zero has no sign for anybody who counts.
          const plain = row.map((one) => (one === 0 ? 0 : one))
          assert.deepEqual(
            [...(found.rows.get(id) ?? [])].map((one) => (one === 0 ? 0 : one)),
            plain,
          )
        }
      },
    ),
  )
})

test('a counter that moves takes about a byte for each sample, one that stands still almost none', () => {
  const times = Array.from({ length: 60 }, (_, at) => 1_795_000_000_000 + at * 1_000)
  const rows = (values: (at: number) => number) =>
    new Map(Array.from({ length: 100 }, (_, id) => [id, times.map((_, at) => values(at) + id)]))
  const moving = encodeBlock({ times, rows: rows((at) => at * 50) }).length
  const still = encodeBlock({ times, rows: rows(() => 7) }).length
  assert.ok(moving < 100 * 70 + 200, `${moving} bytes`)
  assert.ok(still < 100 * 11 + 200, `${still} bytes`)
})
