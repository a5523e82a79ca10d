import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Recovery } from './recovery.ts'

const recovery = (): Recovery => new Recovery(() => 0.5)

describe('recovery from a server that went away', () => {
  it('has no limit while nothing fails', () => {
    assert.equal(recovery().width, Number.POSITIVE_INFINITY)
    assert.equal(recovery().downSince, null)
  })

  it('pauses a little, and goes one by one, after a connection was lost', () => {
    const one = recovery()
    one.lost(1_000)
    assert.equal(one.width, 1)
    assert.ok(one.notBefore > 1_000 && one.notBefore <= 1_020)
    assert.equal(one.downSince, null)
  })

  it('does not pause again for every connection that is lost at the same moment', () => {
    const one = recovery()
    one.lost(1_000)
    const { notBefore } = one
    one.lost(1_001)
    assert.equal(one.notBefore, notBefore)
  })

  it('pauses longer with each failure, up to a bound, and remembers since when', () => {
    const one = recovery()
    const pauses = Array.from({ length: 10 }, (_, at) => {
      one.failed(at * 1_000 - 5, at * 1_000, new Error('refused'))
      return one.notBefore - at * 1_000
    })
    for (const [at, pause] of pauses.entries()) assert.ok(pause >= (pauses[at - 1] ?? 0))
    assert.ok(Math.max(...pauses) <= 200)
    assert.equal(one.downSince, -5)
    assert.match(String(one.lastError), /refused/)
  })

  it('spreads the pauses of many processes', () => {
    const pauses = [0, 0.25, 0.5, 0.75, 0.999].map((number) => {
      const one = new Recovery(() => number)
      one.failed(0, 0, null)
      return one.notBefore
    })
    assert.equal(new Set(pauses).size, pauses.length)
    assert.ok(Math.min(...pauses) > 0)
  })

  it('doubles the attempts after each success until there is no limit', () => {
    const one = recovery()
    one.failed(0, 0, null)
    const widths = Array.from({ length: 4 }, () => {
      one.succeeded(10)
      return one.width
    })
    assert.deepEqual(widths, [2, 4, 8, Number.POSITIVE_INFINITY])
    assert.equal(one.downSince, null)
    assert.equal(one.notBefore, 0)
  })
})
