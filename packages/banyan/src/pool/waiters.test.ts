import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Waiters } from './waiters.ts'

describe('the queue of those who wait', () => {
  it('gives the oldest first and the youngest last', () => {
    const queue = new Waiters<number>()
    for (const at of [1, 2, 3, 4]) queue.push(at, 0)
    assert.equal(queue.shift()?.taken, 1)
    assert.equal(queue.pop()?.taken, 4)
    assert.equal(queue.size, 2)
    assert.equal(queue.shift()?.taken, 2)
    assert.equal(queue.shift()?.taken, 3)
    assert.equal(queue.shift(), undefined)
    assert.equal(queue.size, 0)
  })

  it('passes over those who left', () => {
    const queue = new Waiters<number>()
    const all = [1, 2, 3].map((at) => queue.push(at, 0))
    for (const waiter of [all[0], all[2]]) if (waiter !== undefined) queue.leave(waiter)
    assert.equal(queue.size, 1)
    assert.equal(queue.shift()?.taken, 2)
    assert.equal(queue.pop(), undefined)
  })

  it('keeps its order and its count through thousands that come, leave and are served', () => {
    const queue = new Waiters<number>()
    const expected: number[] = []
    for (let at = 0; at < 20_000; at += 1) {
      const waiter = queue.push(at, 0)
      if (at % 3 === 0) queue.leave(waiter)
      else expected.push(at)
      if (at % 5 === 0) assert.equal(queue.shift()?.taken, expected.shift())
      assert.equal(queue.size, expected.length)
    }
    while (expected.length > 0) assert.equal(queue.shift()?.taken, expected.shift())
    assert.equal(queue.shift(), undefined)
  })
})
