import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LabelSets, labelSetsMax } from './label-sets.ts'

const newSets = (max?: number) => new LabelSets(() => ({ count: 0 }), max)

test('each set of labels has one thing of its own', () => {
  const sets = newSets()
  sets.get('GET', '/a', 200).count += 1
  sets.get('GET', '/a', 200).count += 1
  sets.get('GET', '/a', 404).count += 1
  sets.get('GET').count += 1
  assert.deepEqual(
    sets.all.map(({ labels, value }) => [...labels, value.count]),
    [
      ['GET', '/a', 200, '', 2],
      ['GET', '/a', 404, '', 1],
      ['GET', '', '', '', 1],
    ],
  )
  assert.equal(sets.dropped, 0)
})

test('what is too much is in one set, so that sums stay true, and is counted', () => {
  const sets = newSets()
  for (let at = 0; at < 10_000; at += 1) sets.get('GET', `/${at}`).count += 1
  sets.get('GET', '/0').count += 1
  assert.equal(sets.all.length, labelSetsMax)
  assert.equal(
    sets.all.reduce((sum, { value }) => sum + value.count, 0),
    10_001,
  )
  assert.deepEqual(sets.all.at(-1), {
    labels: ['_OTHER', '_OTHER', '_OTHER', '_OTHER'],
    value: { count: 10_000 - labelSetsMax + 1 },
  })
  assert.equal(sets.dropped, 10_000 - labelSetsMax + 1)
})
