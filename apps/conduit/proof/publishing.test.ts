import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Publishing } from './publishing.ts'

const failing = (outcome: string) => async () => {
  throw Object.assign(new Error(outcome), { outcome })
}

test('an article can have before it those that were begun later, and those under way before', async () => {
  const publishing = new Publishing()
  const earlier = Promise.withResolvers<void>()
  const slow = publishing.run(
    () => 0,
    () => earlier.promise,
  )
  const place = await publishing.run(
    () => 0,
    async (own) => own,
  )
  assert.equal(publishing.newerMax(place), 1)
  await publishing.run(
    () => 0,
    async () => {},
  )
  assert.equal(publishing.newerMax(place), 2)
  earlier.resolve()
  await slow
  const last = await publishing.run(
    () => 0,
    async (own) => own,
  )
  assert.equal(publishing.newerMax(last), 0)
})

test('one that was never answered may still come, but not for ever; one that was refused never', async () => {
  const publishing = new Publishing()
  await assert.rejects(publishing.run(() => 0, failing('info')))
  await assert.rejects(publishing.run(() => 0, failing('fail')))
  const soon = await publishing.run(
    () => 1_000,
    async (own) => own,
  )
  assert.equal(publishing.newerMax(soon), 1)
  const late = await publishing.run(
    () => 60_000,
    async (own) => own,
  )
  assert.equal(publishing.newerMax(late), 0)
})
