import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionsLeast, connectionsPerProcess, fitsIn } from './connections.ts'

test('all processes together fit into the server, twice over, whatever their number', () => {
  for (const connectionsMax of [20, 100, 200]) {
    for (let processes = 1; processes <= 40; processes += 1) {
      const each = connectionsPerProcess(connectionsMax, processes)
      assert.ok(each >= 1)
      if (each > 1) assert.ok(2 * processes * each + 12 <= connectionsMax)
    }
  }
})

test('one process alone does not take more than is useful', () => {
  assert.equal(connectionsPerProcess(200, 1), 20)
})

test('where servers are watched nobody gets less than it needs, and it is said when that does not fit', () => {
  const least = connectionsLeast.watched
  for (const connectionsMax of [25, 100, 200]) {
    for (let processes = 1; processes <= 40; processes += 1) {
      const each = connectionsPerProcess(connectionsMax, processes, least)
      assert.ok(each >= least)
      const fits = 2 * processes * each + 12 <= connectionsMax
      assert.equal(fitsIn(connectionsMax, processes, least), fits)
    }
  }
  assert.ok(fitsIn(200, 31, least))
  assert.ok(!fitsIn(200, 32, least))
})
