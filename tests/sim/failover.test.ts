import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mistakes } from './mistakes.ts'
import { runSeed } from './run-seed.ts'

/** One run again. The seed of all tests, which is always there when they are run together, is where to begin. */
const only = process.env.BANYAN_SIM_SEED
const count = Number(process.env.BANYAN_SIM_SEEDS ?? '100')
const first = only === undefined ? Number(process.env.BANYAN_SEED ?? '1') : Number(only)
const seeds = Array.from({ length: only === undefined ? count : 1 }, (_, index) => first + index)

/** Turns for the test runner between two runs, which take all the time there is. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a shard loses nothing, has one primary, and recovers, whatever happens to it', async (t) => {
  let promotions = 0
  let acknowledged = 0
  for (const seed of seeds) {
    const outcome = await runSeed(seed)
    await breathe()
    promotions += outcome.promotions
    acknowledged += outcome.acknowledged
    if (outcome.error === null) continue
    t.diagnostic(outcome.trace.join('\n'))
    const again = `BANYAN_SIM_SEED=${seed} node --test tests/sim/failover.test.ts`
    assert.fail(`Seed ${seed}: ${outcome.error.message}\nThe same again: ${again}`)
  }
  t.diagnostic(
    `${seeds.length} runs, ${promotions} promotions, ${acknowledged} acknowledged writes`,
  )
  if (only === undefined) assert.ok(promotions > seeds.length / 2, 'there were failovers to judge')
})

for (const [name, mistake] of Object.entries(mistakes)) {
  test(`a mistake is found: ${name}`, { skip: only !== undefined }, async (t) => {
    for (let seed = 1; seed <= 1_500; seed++) {
      const { error, isViolation } = await runSeed(seed, mistake)
      await breathe()
      if (error === null || !(isViolation || mistake.isStuck)) continue
      t.diagnostic(`Seed ${seed}: ${error.message.split('\n')[0]}`)
      return
    }
    assert.fail('No run has found it.')
  })
}
