import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Budget, type BudgetMember } from './budget.ts'

/** A pool that is only counts: what it opens, uses, lays aside and closes. */
class CountedPool implements BudgetMember {
  waitingCount = 0
  busy = 0
  idle = 0
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
    budget.join(this)
  }

  want(): void {
    this.waitingCount += 1
    this.retry()
  }

  retry(): void {
    while (this.waitingCount > 0) {
      if (this.idle > 0) this.idle -= 1
      else if (!this.#budget.claim(this)) return
      this.waitingCount -= 1
      this.busy += 1
    }
  }

  release(): void {
    if (this.busy === 0) return
    this.busy -= 1
    if (this.#budget.mustYield(this)) this.#budget.giveBack(this)
    else if (this.waitingCount > 0) {
      this.waitingCount -= 1
      this.busy += 1
    } else this.idle += 1
  }

  closeIdle(): boolean {
    if (this.idle === 0) return false
    this.idle -= 1
    this.#budget.giveBack(this)
    return true
  }
}

const pools = (max: number, count: number): { budget: Budget; pools: CountedPool[] } => {
  const budget = new Budget(max)
  return { budget, pools: Array.from({ length: count }, () => new CountedPool(budget)) }
}

describe('a budget of connections', () => {
  it('leaves nobody out where there are more pools than connections', () => {
    const all = pools(1, 3).pools
    const served = [0, 0, 0]
    for (const pool of all) for (let at = 0; at < 50; at += 1) pool.want()
    for (let turns = 0; turns < 30; turns += 1) {
      const at = all.findIndex(({ busy }) => busy > 0)
      served[at] = (served[at] ?? 0) + 1
      all[at]?.release()
    }
    assert.deepEqual(served, [10, 10, 10])
  })

  it('lets one pool take what the others do not use', () => {
    const [pool] = pools(10, 2).pools as [CountedPool]
    for (let at = 0; at < 20; at += 1) pool.want()
    assert.equal(pool.busy, 10)
    assert.equal(pool.waitingCount, 10)
  })

  it('takes an idle connection from a pool above its share at once', () => {
    const [one, two] = pools(4, 2).pools as [CountedPool, CountedPool]
    for (let at = 0; at < 4; at += 1) one.want()
    for (let at = 0; at < 4; at += 1) one.release()
    two.want()
    assert.equal(two.busy, 1)
    assert.equal(one.idle, 3)
  })

  it('makes a busy pool above its share give way with what it releases', () => {
    const [one, two] = pools(4, 2).pools as [CountedPool, CountedPool]
    for (let at = 0; at < 40; at += 1) one.want()
    two.want()
    two.want()
    two.want()
    for (let at = 0; at < 4; at += 1) one.release()
    assert.equal(two.busy, 2)
    assert.equal(one.busy, 2)
    assert.equal(two.waitingCount, 1)
  })

  it('serves every pool even when there are more pools than connections', () => {
    const { pools: all } = pools(1, 3)
    for (const pool of all) for (let at = 0; at < 3; at += 1) pool.want()
    for (let turn = 0; turn < 60; turn += 1) for (const pool of all) pool.release()
    for (const pool of all) assert.equal(pool.waitingCount, 0)
  })

  it('never exceeds its maximum, and leaves nobody waiting for ever', () => {
    const step = fc.record({ pool: fc.nat(2), wants: fc.boolean() })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(step, { maxLength: 80 }),
        (max, steps) => {
          const { budget, pools: all } = pools(max, 3)
          const check = (): void => {
            const held = all.reduce((sum, pool) => sum + pool.busy + pool.idle, 0)
            assert.equal(budget.open, held)
            assert.ok(held <= max)
          }
          for (const { pool, wants } of steps) {
            if (wants) all[pool]?.want()
            else all[pool]?.release()
            check()
          }
          for (let turn = 0; turn < 400; turn += 1) for (const pool of all) pool.release()
          check()
          for (const pool of all) assert.equal(pool.waitingCount, 0)
        },
      ),
    )
  })
})
