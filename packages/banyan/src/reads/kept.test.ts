import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Kept } from './kept.ts'
import { Latency } from './latency.ts'

function server(inFlight: number, askedMs = 0) {
  const latency = new Latency()
  latency.asked(askedMs)
  return { latency, inFlight }
}

test('reads that follow each other closely go to the same server', () => {
  const kept = new Kept()
  assert.equal(kept.at(0), null)
  const first = kept.keep(server(0), 0)
  assert.equal(kept.at(10), first)
})

test('after a moment another one is drawn', () => {
  const kept = new Kept()
  kept.keep(server(0), 0)
  assert.equal(kept.at(30), null)
})

test('a server that has much to do is not given more without looking at the others', () => {
  const kept = new Kept()
  kept.keep(server(24), 0)
  assert.equal(kept.at(1), null)
})

test('a server that nobody has asked for long is tried by one read, and not by those that follow', () => {
  const kept = new Kept()
  const long = server(0, -10_000)
  assert.equal(kept.keep(long, 0), long)
  assert.equal(kept.at(1), null)
})
