import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Mark } from './position.ts'
import { pauseMs, payersMin, Sampler, shareMin } from './sampler.ts'

type Sampled = (mark: Mark | null) => void

/** A primary in virtual time: commits move it on, and answers take as long as the test says. */
class World {
  ms = 0
  lsn = 0n
  isThrifty = false
  readonly #timers: { readonly atMs: number; readonly call: () => void }[] = []
  readonly #asked: { readonly sampled: Sampled; readonly lsn: bigint }[] = []

  readonly sampler = new Sampler<Sampled>({
    serve: (mark, reads) => {
      for (const sampled of reads) sampled(mark)
    },
    isThrifty: () => this.isThrifty,
    now: () => this.ms,
    later: (call, delayMs) => void this.#timers.push({ atMs: this.ms + delayMs, call }),
    // The server is where it was when the question was sent, at the least.
    ask: (sampled) => void this.#asked.push({ sampled, lsn: this.lsn }),
  })

  /** A read comes, and gets a sample. */
  read(sampled: Sampled = () => {}): void {
    this.sampler.pay(this.ms)
    this.sampler.join(sampled)
  }

  /** So many reads, each with a sample of its own, that nothing is left of what was saved up. */
  spend(): void {
    while (this.sampler.saved >= 1) {
      this.read()
      this.answer()
    }
  }

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
  world.read()
  assert.equal(world.underWay, 1)
})

test('a few hundred reads in a second are each asked for at once', () => {
  const world = new World()
  for (let reads = 0; reads < 1_000; reads += 1) {
    world.read()
    assert.equal(world.underWay, 1)
    world.answer()
    world.pass(pauseMs)
  }
})

test('a read that comes while a sample is under way gets the next one', () => {
  const world = new World()
  const got: (Mark | null)[] = []
  world.lsn = 10n
  world.read((mark) => got.push(mark))
  world.lsn = 20n
  world.read((mark) => got.push(mark))
  world.answer()
  world.answer()
  assert.deepEqual(got, [
    { term: 1, lsn: 10n },
    { term: 1, lsn: 20n },
  ])
})

test('what comes together is served by one sample', () => {
  const world = new World()
  let served = 0
  world.read()
  for (let reads = 0; reads < 20; reads += 1) world.read(() => (served += 1))
  world.answer()
  world.answer()
  assert.equal(served, 20)
  assert.equal(world.sampler.sent, 2)
})

test('when nothing is left of what was saved up, reads wait for each other for a moment', () => {
  const world = new World()
  world.spend()
  for (let reads = 0; reads < 3; reads += 1) world.read()
  assert.equal(world.underWay, 0)
  world.pass(pauseMs)
  assert.equal(world.underWay, 1)
})

test('many reads that share a sample do not wait', () => {
  const world = new World()
  world.spend()
  for (let reads = 0; reads < shareMin; reads += 1) world.read()
  assert.equal(world.underWay, 1)
})

test('whoever came last has waited no longer than whoever came first may', () => {
  const world = new World()
  world.spend()
  const before = world.sampler.sent
  world.read()
  world.pass(1)
  for (let reads = 0; reads < shareMin - 1; reads += 1) world.read()
  world.answer()
  world.spend()
  world.read()
  world.pass(pauseMs - 1)
  world.pass(1)
  assert.equal(world.sampler.sent, before + 2)
})

test('in a second of many reads that come alone there is one sample for each moment', () => {
  const world = new World()
  world.spend()
  const before = world.sampler.sent
  for (let ms = 0; ms < 999; ms += 1) {
    world.read()
    world.answer()
    world.pass(1)
  }
  assert.ok(world.sampler.sent - before <= 334, `${world.sampler.sent - before} samples`)
})

test('where time pays nothing there is one sample for so many reads', () => {
  const world = new World()
  world.isThrifty = true
  world.sampler.pay(world.ms)
  world.read()
  world.answer()
  const before = world.sampler.sent
  for (let reads = 0; reads < 100 * payersMin; reads += 1) {
    world.sampler.pay(world.ms)
    // Who would wait for long does not join.
    if (world.sampler.saved + 4 / payersMin >= 1) world.sampler.join(() => {})
    world.answer()
    world.pass(0.1)
  }
  const sent = world.sampler.sent - before
  assert.ok(sent >= 50 && sent <= 105, `${sent} samples for ${100 * payersMin} reads`)
})

test('a primary that cannot be asked is said to those who wait, and the next ones ask again', () => {
  const world = new World()
  const got: (Mark | null)[] = []
  world.read((mark) => got.push(mark))
  world.read((mark) => got.push(mark))
  world.answer(null)
  assert.deepEqual(got, [null])
  world.drain()
  assert.deepEqual(got, [null, { term: 1, lsn: 0n }])
})

test('whatever the order of commits, reads, answers and time: nobody gets a sample from before it came', () => {
  const events = fc.array(fc.constantFrom('read', 'commit', 'answer', 'pass', 'fail', 'thrift'), {
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
        if (step === 'thrift') world.isThrifty = !world.isThrifty
        if (step !== 'read') continue
        const before = world.lsn
        arrived += 1
        world.read((mark) => {
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
