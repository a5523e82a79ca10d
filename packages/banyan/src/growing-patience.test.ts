import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GrowingPatience } from './growing-patience.ts'

test('each attempt that was too short makes the next one longer, up to four times as long', () => {
  const patience = new GrowingPatience(1_000)
  const waited = [1, 2, 3, 4].map(() => {
    const { ms } = patience
    patience.wasTooShort()
    return ms
  })
  assert.deepEqual(waited, [1_000, 2_000, 4_000, 4_000])
})

test('one that was long enough ends that', () => {
  const patience = new GrowingPatience(1_000)
  patience.wasTooShort()
  patience.wasEnough()
  assert.equal(patience.ms, 1_000)
})
