import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, display, figuresOf } from './figures.ts'
import { interleave } from './interleave.ts'
import { cpuMs, processTable, pssMb, treeOf } from './processes.ts'
import { median, percentile, spread } from './statistics.ts'

test('the median of an even count is between the two middle ones', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([9, 1, 5]), 5)
  assert.throws(() => median([]), /no median of nothing/)
})

test('a percentile is a number that was measured', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
  assert.equal(percentile(hundred, 0.99), 99)
  assert.equal(percentile(hundred, 1), 100)
  assert.equal(percentile([7], 0.5), 7)
  assert.equal(spread(hundred), 25)
})

test('contestants take turns, and who begins alternates', async () => {
  const order: string[] = []
  const contestant = (name: string) => async () => order.push(name)
  const samples = await interleave(2, { a: contestant('a'), b: contestant('b') })
  assert.deepEqual(order, ['a', 'b', 'b', 'a'])
  assert.deepEqual(samples, { a: [1, 4], b: [2, 3] })
})

test('figures are found by their path, and every number has one', () => {
  const result = { ratio: { cpu: 1.02 }, rounds: 3, note: 'x' }
  assert.equal(at(result, 'ratio.cpu'), 1.02)
  assert.equal(at(result, 'ratio.memory.total'), undefined)
  assert.deepEqual(figuresOf(result), [
    ['ratio.cpu', 1.02],
    ['rounds', 3],
  ])
  assert.deepEqual([0.98765, 12.345, 1234.5].map(display), ['0.988', '12.3', '1235'])
})

const linuxOnly = process.platform === 'linux' ? false : 'reads /proc'

test('memory, processor time and descendants of a process are read', {
  skip: linuxOnly,
}, async () => {
  const before = await cpuMs(process.pid)
  const own = process.cpuUsage()
  for (const until = performance.now() + 50; performance.now() < until; );
  const used = process.cpuUsage(own)
  const seen = (await cpuMs(process.pid)) - before
  // Both count the same processor time, however little a busy machine gave us of it.
  const usedMs = (used.user + used.system) / 1_000
  assert.ok(seen > 0 && seen >= usedMs * 0.8 - 5, `${seen} ms of ${usedMs} ms`)
  assert.ok((await pssMb(process.pid)) > 5)
  const tree = treeOf(await processTable(), process.ppid)
  assert.ok(tree.some(({ pid }) => pid === process.pid))
})
