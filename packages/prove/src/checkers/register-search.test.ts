import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RegisterOperation, Value } from '../history/operation.ts'
import { baseSeed, below, seededRandom } from '../testing/random.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { mayBeRight } from './register-search.ts'

/** Many clients write, delete and read one key of a correct system, and some are never answered. */
function contended(seed: number): RegisterOperation[] {
  const random = seededRandom(seed)
  const clients = { random, clients: 12, operations: 300, infoShare: 0.08, failShare: 0 }
  let value: Value | null = null
  const recorded = simulateClients(clients, (_process, times): RegisterOperation => {
    const draw = random()
    if (draw < 0.5) return { ...times, key: 'k', f: 'read', value }
    value = draw < 0.65 ? null : below(random, 1_000_000)
    return { ...times, key: 'k', f: 'write', value }
  })
  return recorded.sort((a, b) => a.invokedMs - b.invokedMs || a.index - b.index)
}

test('the order of contended writes, deletions and reads is found without giving up', () => {
  for (let seed = baseSeed(); seed < baseSeed() + 20; seed += 1) {
    assert.equal(mayBeRight(contended(seed)), true, `seed ${seed}`)
  }
})
