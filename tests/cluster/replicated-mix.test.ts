import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, randomFrom } from '../../apps/conduit/src/seed/random.ts'
import { summaryOf } from './support/histogram.ts'
import { chooseEvent, regrow } from './support/mix.ts'
import { assertNoAnomaly, type Proofs, proveHistories, sayProofs } from './support/proofs.ts'
import type { ReleaseSystem } from './support/releases.ts'
import { startShardSystem, whole } from './support/shard-system.ts'
import { startWriteProbe, type WriteProbe } from './support/write-probe.ts'

/*
 * Faults, climbs, switchovers and releases in any order, for as long as somebody wants, under the prover and
 * under clients whose histories are judged. `npm run soak` runs it for half an hour.
 */

const seed = Number(process.env.BANYAN_SEED ?? randomInt(2 ** 31))
const seconds = Number(process.env.BANYAN_MIX_SECONDS ?? '20')
const rate = Number(process.env.BANYAN_MIX_RATE ?? '100')
/** Where the summary goes as JSON. */
const resultFile = process.env.BANYAN_MIX_RESULT ?? null

const timeout = (seconds + 900) * 1_000

type Happened = {
  readonly event: string
  readonly said: string
  /** The longest time without an acknowledged write, from its beginning until all was whole again. */
  readonly writePauseMs: number
}

describe('faults, climbs and releases in any order', { timeout }, () => {
  let released: ReleaseSystem

  before(async () => {
    released = await startShardSystem()
  })
  after(async () => await released?.remove())

  it(`lose, double and hide nothing, in ${seconds} s with seed ${seed}`, async (context) => {
    const random = randomFrom(seed, 'mix')
    const probe = startWriteProbe(released.system.url)
    const happened: Happened[] = []
    let error: unknown = null
    try {
      const proofs = await proveHistories(released.system, { rate, seed }, async () => {
        const deadline = performance.now() + seconds * 1_000
        while (performance.now() < deadline && error === null) {
          await happenOne(context, released, random, probe, happened).catch((thrown) => {
            error = thrown
          })
        }
      })
      context.diagnostic(sayProofs(proofs))
      await report(context, happened, proofs, error)
      if (error !== null) throw error
      assertNoAnomaly(proofs)
    } finally {
      await probe.stop()
    }
  })
})

async function happenOne(
  context: TestContext,
  released: ReleaseSystem,
  random: Random,
  probe: WriteProbe,
  happened: Happened[],
): Promise<void> {
  const { system } = released
  const status = await whole(system, 120_000)
  if (random.below(3) > 0) await regrow(released, status)
  await sleep(random.below(1_000))
  const event = chooseEvent(random)
  const began = performance.now()
  const said = await event.happens(released, random)
  await sleep(500)
  await whole(system, 120_000)
  const writePauseMs = Math.round(await probe.longestGapMs(began))
  context.diagnostic(`${event.name}: ${said} Nobody wrote for ${writePauseMs} ms.`)
  happened.push({ event: event.name, said, writePauseMs })
}

async function report(
  context: TestContext,
  happened: readonly Happened[],
  { app, histories }: Proofs,
  error: unknown,
): Promise<void> {
  const names = [...new Set(happened.map(({ event }) => event))].sort()
  const pausesOf = (name: string) =>
    happened.filter(({ event }) => event === name).map(({ writePauseMs }) => writePauseMs)
  const summary = {
    seed,
    seconds,
    rate,
    failure: error === null ? null : String(error),
    events: Object.fromEntries(names.map((name) => [name, summaryOf(pausesOf(name))])),
    proofs: [app, histories],
    happened,
  }
  const figures = { seed, seconds, events: summary.events }
  context.diagnostic(`figures: ${JSON.stringify(figures)}`)
  if (resultFile !== null) await writeFile(resultFile, `${JSON.stringify(summary, null, 2)}\n`)
}
