import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Mark, Position } from './position.ts'
import { ReplayTracker } from './replay-tracker.ts'

/** A replica in virtual time. */
class World {
  ms = 0
  position: Position | null = { inRecovery: true, term: 1, lsn: 0n }
  asked = 0
  readonly #answers: ((position: Position | null) => void)[] = []
  readonly #timers: { readonly atMs: number; readonly call: () => void }[] = []

  readonly tracker = new ReplayTracker({
    termIsRow: true,
    now: () => this.ms,
    later: (call, delayMs) => void this.#timers.push({ atMs: this.ms + delayMs, call }),
    ask: (answer) => {
      this.asked += 1
      this.#answers.push(answer)
    },
  })

  answer(): void {
    this.#answers.shift()?.(this.position)
  }

  pass(ms: number): void {
    this.ms += ms
    const due = this.#timers.filter(({ atMs }) => atMs <= this.ms)
    for (const timer of due) this.#timers.splice(this.#timers.indexOf(timer), 1)
    for (const { call } of due) call()
  }
}

const at = (lsn: bigint, term = 1): Mark => ({ term, lsn })
const replayed = (lsn: bigint, term = 1): Position => ({ inRecovery: true, term, lsn })

test('who waits is called when the replica has got there, and not before', () => {
  const world = new World()
  let reached = 0
  world.tracker.until(at(10n), () => (reached += 1))
  world.position = replayed(9n)
  world.answer()
  assert.equal(reached, 0)
  world.pass(1)
  world.position = replayed(10n)
  world.answer()
  assert.equal(reached, 1)
  world.pass(10)
  assert.equal(world.asked, 2)
})

test('many who wait are one question', () => {
  const world = new World()
  let reached = 0
  for (let reads = 0; reads < 50; reads += 1) world.tracker.until(at(5n), () => (reached += 1))
  assert.equal(world.asked, 1)
  world.position = replayed(5n)
  world.answer()
  assert.equal(reached, 50)
})

test('who has stopped waiting is not called, and nobody is asked for nobody', () => {
  const world = new World()
  const stop = world.tracker.until(at(10n), () => assert.fail('It had stopped waiting.'))
  world.answer()
  stop()
  world.pass(1)
  world.position = replayed(10n)
  world.answer()
  assert.equal(world.asked, 1)
})

test('a primary has replayed nothing', () => {
  const world = new World()
  world.position = { inRecovery: false, term: 1, lsn: 100n }
  world.tracker.refresh()
  world.answer()
  assert.equal(world.tracker.hasReached(at(1n)), false)
})

test('a replica that kept reads waiting in vain is not waited for until it has got there', () => {
  const world = new World()
  world.tracker.until(at(10n), () => {})()
  world.answer()
  world.tracker.missed(at(10n))
  assert.equal(world.tracker.keepsUp, false)
  world.pass(30)
  world.tracker.refresh()
  world.position = replayed(9n)
  world.answer()
  assert.equal(world.tracker.keepsUp, false)
  world.pass(30)
  world.tracker.refresh()
  world.position = replayed(11n)
  world.answer()
  assert.equal(world.tracker.keepsUp, true)
})

test('passing reads have it asked every few milliseconds, however many they are', () => {
  const world = new World()
  for (let reads = 0; reads < 100; reads += 1) world.tracker.refresh()
  world.answer()
  for (let reads = 0; reads < 100; reads += 1) world.tracker.refresh()
  assert.equal(world.asked, 1)
  world.pass(5)
  world.tracker.refresh()
  assert.equal(world.asked, 2)
})

test('after a restart nothing is known', () => {
  const world = new World()
  world.tracker.refresh()
  world.position = replayed(10n)
  world.answer()
  assert.equal(world.tracker.hasReached(at(10n)), true)
  world.tracker.forget()
  assert.equal(world.tracker.hasReached(at(10n)), false)
})

test('a replica that has not replayed the row of a later term has nothing of it', () => {
  const world = new World()
  world.tracker.refresh()
  world.position = replayed(500n, 1)
  world.answer()
  assert.equal(world.tracker.hasReached(at(10n, 2)), false)
})
