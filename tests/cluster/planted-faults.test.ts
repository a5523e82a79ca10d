import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type PlantedFault, plantedFaults } from '@banyan/postgres'
import { randomFrom } from '../../apps/conduit/src/seed/random.ts'
import type { Proof } from './support/climbs.ts'
import { nemeses, wakeAll } from './support/nemeses.ts'
import { assertNoAnomaly, proveHistories, sayProofs } from './support/proofs.ts'
import type { ReleaseSystem } from './support/releases.ts'
import { startShardSystem, whole } from './support/shard-system.ts'

/*
 * A check that has never found anything may be one that finds nothing. Each of these systems does one thing
 * that must never be done, and the checkers of the prover have to say so; the system that does none of them
 * comes through the same events with nothing to be said of it.
 */

const seed = Number(process.env.BANYAN_SEED ?? randomInt(2 ** 31))
const names = Object.keys(plantedFaults) as PlantedFault[]
/** `all`, names, or how many of them the seed chooses. */
const wanted = process.env.BANYAN_PLANTED ?? '1'
/** How often a fault may come through unseen. */
const tries = Number(process.env.BANYAN_PLANTED_TRIES ?? '4')
const rate = Number(process.env.BANYAN_PLANTED_RATE ?? '150')

const chosen = ((): readonly PlantedFault[] => {
  if (wanted === 'all') return names
  const named = names.filter((name) => wanted.split(',').includes(name))
  if (named.length > 0) return named
  const random = randomFrom(seed, 'planted')
  const left = [...names]
  return Array.from(
    { length: Number(wanted) },
    () => left.splice(random.below(left.length), 1)[0],
  ).filter((name) => name !== undefined)
})()

for (const name of chosen) {
  describe(`a system with the fault "${name}"`, { timeout: 900_000 }, () => {
    let released: ReleaseSystem

    before(async () => {
      released = await startShardSystem({
        env: { NODE_ENV: 'test', PLANTED_FAULT_OF_BANYAN: name },
      })
    })
    after(async () => await released?.remove())

    it(`is found out by the prover: ${plantedFaults[name]}`, async (context) => {
      for (let tried = 1; tried <= tries; tried += 1) {
        const { said, ...proofs } = await proveUnder(released, [name], seed + tried)
        context.diagnostic(`try ${tried}: ${sayProofs(proofs)}`)
        const found = [...said, ...sayHarm(proofs.app), ...sayHarm(proofs.histories)]
        for (const harm of found) context.diagnostic(harm)
        if (found.length > 0) return
      }
      assert.fail(`"${name}" came through ${tries} times unseen, seed ${seed}`)
    })
  })
}

describe('a system without a fault', { timeout: 900_000 }, () => {
  let released: ReleaseSystem

  before(async () => {
    released = await startShardSystem()
  })
  after(async () => await released?.remove())

  it(`comes through ${chosen.join(', ')} with nothing to be said of it`, async (context) => {
    const { said, ...proofs } = await proveUnder(released, chosen, seed)
    context.diagnostic(sayProofs(proofs))
    assertNoAnomaly(proofs)
    assert.deepEqual(said, [])
  })
})

async function proveUnder(
  { system }: ReleaseSystem,
  faults: readonly PlantedFault[],
  proofSeed: number,
) {
  const said: string[] = []
  const proofs = await proveHistories(system, { rate, seed: proofSeed }, async () => {
    for (const fault of faults) {
      try {
        said.push(...(await nemeses[fault](system)))
      } finally {
        await wakeAll(system)
      }
      await sleep(500)
      await whole(system, 120_000)
    }
  })
  return { ...proofs, said }
}

/** What of a report no correct system could have caused. */
function sayHarm(proof: Proof): readonly string[] {
  const counts = ['lost', 'doubled', 'staleReads', 'phantom', 'otherAnomalies'] as const
  return counts
    .filter((count) => Number(proof[count]) > 0)
    .map((count) => `${String(proof.scenario)} found ${count}: ${String(proof[count])}`)
}
