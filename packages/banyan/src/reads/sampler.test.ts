import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Mark } from './position.ts'
import { Sampler } from './sampler.ts'

type Sampled = (mark: Mark | null) => void

/** A primary in virtual time: commits move it on, and answers take as long as the test says. */
class World {
  ms = 0
  lsn = 0n
  readonly #timers: { readonly atMs: number; readonly call: () => void }[] = []
  readonly #asked: { readonly sampled: Sampled; readonly lsn: bigint }[] = []

  readonly sampler = new Sampler<Sampled>({
    serve: (mark, reads) => {
      for (const sampled of reads) sampled(mark)
    },
    now: () => this.ms,
    later: (call, delayMs) => void this.#timers.push({ atMs: this.ms + delayMs, call }),
    // The server is where it was when the question was sent, at the least.
    ask: (sampled) => void this.#asked.push({ sampled, lsn: this.lsn }),
  })

  get underWay(): number {
    return this.#asked.length
  }

  answer(mark?: null): void {
    const asked = this.#asked.shift()
    asked?.sampled(mark === null ? null : { term: 1, lsn: asked.lsn })
  }

  pass(ms: number): void {
    this.ms += ms
    const due = this.#timers.filter(({ atMs }) => atMs <= this.ms)
    for (const timer of due) this.#timers.splice(this.#timers.indexOf(timer), 1)
    for (const { call } of due) call()
  }

  drain(): void {
    for (let turns = 0; turns < 1_000; turns += 1) {
      this.answer()
      this.pass(5)
    }
  }
}

test('a read alone is asked for at once', () => {
  const world = new World()
  world.sampler.join(() => {})
  assert.equal(world.underWay, 1)
})

test('a read that comes while a sample is under way gets the next one', () => {
  const world = new World()
  const got: (Mark | null)[] = []
  world.lsn = 10n
  world.sampler.join((mark) => got.push(mark))
  world.lsn = 20n
  world.sampler.join((mark) => got.push(mark))
  world.answer()
  world.pass(3)
  world.answer()
  assert.deepEqual(got, [
    { term: 1, lsn: 10n },
    { term: 1, lsn: 20n },
  ])
})

test('what comes together is served by one sample', () => {
  const world = new World()
  let served = 0
  world.sampler.join(() => {})
  for (let reads = 0; reads < 20; reads += 1) world.sampler.join(() => (served += 1))
  world.answer()
  world.pass(3)
  world.answer()
  assert.equal(served, 20)
  assert.equal(world.sampler.sent, 2)
})

test('samples follow each other after a moment, and at once when many wait', () => {
  const world = new World()
  world.sampler.join(() => {})
  world.answer()
  for (let reads = 0; reads < 3; reads += 1) world.sampler.join(() => {})
  assert.equal(world.underWay, 0)
  world.pass(3)
  assert.equal(world.underWay, 1)
  world.answer()
  for (let reads = 0; reads < 40; reads += 1) world.sampler.join(() => {})
  assert.equal(world.underWay, 1)
})

test('who reads one thing after the other does not wait for others who do not come', () => {
  const world = new World()
  let waited = 0
  for (let reads = 0; reads < 200; reads += 1) {
    world.sampler.join(() => {})
    if (world.underWay === 0) {
      waited += 1
      world.pass(3)
    }
    world.answer()
    world.pass(0.5)
  }
  assert.ok(waited < 30, `${waited} of 200 waited`)
})

test('when others come again it is worth to wait again', () => {
  const world = new World()
  for (let reads = 0; reads < 200; reads += 1) {
    world.sampler.join(() => {})
    world.pass(3)
    world.answer()
  }
  const before = world.sampler.sent
  for (let rounds = 0; rounds < 400; rounds += 1) {
    world.sampler.join(() => {})
    world.pass(0.5)
    world.answer()
  }
  assert.ok(world.sampler.sent - before < 200, `${world.sampler.sent - before} samples`)
})

test('a primary that cannot be asked is said to those who wait, and the next ones ask again', () => {
  const world = new World()
  const got: (Mark | null)[] = []
  world.sampler.join((mark) => got.push(mark))
  world.sampler.join((mark) => got.push(mark))
  world.answer(null)
  assert.deepEqual(got, [null])
  world.drain()
  assert.deepEqual(got, [null, { term: 1, lsn: 0n }])
})

test('whatever the order of commits, reads, answers and time: nobody gets a sample from before it came', () => {
  const events = fc.array(fc.constantFrom('read', 'commit', 'answer', 'pass', 'fail'), {
    maxLength: 200,
  })
  fc.assert(
    fc.property(events, (steps) => {
      const world = new World()
      let arrived = 0
      let served = 0
      for (const step of steps) {
        if (step === 'commit') world.lsn += 1n
        if (step === 'answer') world.answer()
        if (step === 'fail') world.answer(null)
        if (step === 'pass') world.pass(1)
        if (step !== 'read') continue
        const before = world.lsn
        arrived += 1
        world.sampler.join((mark) => {
          served += 1
          assert.ok(mark === null || mark.lsn >= before)
        })
      }
      world.drain()
      assert.equal(served, arrived)
    }),
    { numRuns: 500 },
  )
})
