import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Toggles } from './toggles.ts'

const throwing = (outcome: string) => async () => {
  throw Object.assign(new Error(outcome), { outcome })
}

test('what has two states is changed from the one that it is in', async () => {
  const toggles = new Toggles()
  const seen: string[] = []
  const note = async (to: string) => void seen.push(to)
  for (let count = 0; count < 3; count += 1) assert.ok(await toggles.change('a', note))
  assert.ok(await toggles.change('b', note))
  assert.deepEqual(seen, ['in', 'out', 'in', 'in'])
})

test('only one changes it at a time', async () => {
  const toggles = new Toggles()
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = toggles.change('a', () => promise)
  assert.equal(await toggles.change('a', async () => {}), false)
  resolve()
  assert.ok(await first)
})

test('what was refused is as it was, and what nobody knows the end of is left alone', async () => {
  const toggles = new Toggles()
  await assert.rejects(toggles.change('a', throwing('fail')))
  const seen: string[] = []
  await toggles.change('a', async (to) => void seen.push(to))
  assert.deepEqual(seen, ['in'])
  await assert.rejects(toggles.change('a', throwing('info')))
  assert.equal(await toggles.change('a', async () => {}), false)
})
