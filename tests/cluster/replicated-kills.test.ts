import './support/measured.ts'
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ControlEvent, ShardStatus } from '@banyan/control/api'
import { type Random, randomFrom } from '../../apps/conduit/src/seed/random.ts'
import { eventually } from './support/banyan.ts'
import { sayHistogram, summaryOf } from './support/histogram.ts'
import { killPrimary, type MemberFault, oneMissing, twoMissing } from './support/member-faults.ts'
import { assertNoAnomaly, proveHistories, sayProofs } from './support/proofs.ts'
import type { ReleaseSystem } from './support/releases.ts'
import { shardIn, startShardSystem, whole } from './support/shard-system.ts'
import { startWriteProbe, type WriteProbe } from './support/write-probe.ts'

/*
 * The servers of a shard are killed and frozen at random moments, under the prover and under clients whose
 * histories are judged. How long nobody could write is printed; it is asserted where
 * BANYAN_OUTAGE_WORST_MS says how long it may be.
 */

const seed = Number(process.env.BANYAN_SEED ?? randomInt(2 ** 31))
const kills = Number(process.env.BANYAN_KILLS ?? '2')
const mixed = Number(process.env.BANYAN_MIXED_FAULTS ?? '4')
const rate = Number(process.env.BANYAN_SHARD_RATE ?? '100')
const worstMs = Number(process.env.BANYAN_OUTAGE_WORST_MS ?? 'Infinity')

/** Between two faults, so that they come at every moment of what goes on. */
const restMsMax = 1_500

/** By then nobody believes any more that all is as before. */
const noticedMs = 500

describe('a primary that is killed', { timeout: 7_200_000 }, () => {
  let released: ReleaseSystem

  before(async () => {
    released = await startShardSystem()
  })
  after(async () => await released?.remove())

  it(`loses, doubles and hides nothing, ${kills} times`, async (context) => {
    const outages = await inflict(context, released, 'kills', Array(kills).fill(killPrimary))
    say(context, 'kill', outages)
  })

  it(`nor does anything else that happens to one member, or to two, ${mixed} times`, async (context) => {
    const random = randomFrom(seed, 'mixed')
    const faults = Array.from({ length: mixed }, (_, index): MemberFault => {
      const few = index % 4 === 3 ? twoMissing : oneMissing
      return few[random.below(few.length)] ?? killPrimary
    })
    const outages = await inflict(context, released, 'mixed', faults)
    say(context, 'mixed', outages)
  })
})

type Outage = { readonly fault: MemberFault; readonly ms: number }

async function inflict(
  context: TestContext,
  { system }: ReleaseSystem,
  name: string,
  faults: readonly MemberFault[],
): Promise<readonly Outage[]> {
  context.diagnostic(`seed ${seed}`)
  const random = randomFrom(seed, name)
  const probe = startWriteProbe(system.url)
  const outages: Outage[] = []
  try {
    const proofs = await proveHistories(system, { rate, seed }, async () => {
      for (const fault of faults) {
        const ms = await inflictOne(context, system, fault, random, probe)
        outages.push({ fault, ms })
      }
      await whole(system)
    })
    context.diagnostic(sayProofs(proofs))
    assertNoAnomaly(proofs)
  } finally {
    await probe.stop()
  }
  return outages
}

async function inflictOne(
  context: TestContext,
  system: ReleaseSystem['system'],
  fault: MemberFault,
  random: Random,
  probe: WriteProbe,
): Promise<number> {
  const before = shardIn(await whole(system))
  await sleep(random.below(restMsMax))
  const began = performance.now()
  const said = await fault.inflict(system, random)
  // Nothing that was acknowledged by orphans counts as the end of the outage.
  await sleep(noticedMs)
  const after = shardIn(await whole(system))
  const ms = Math.round(await probe.longestGapMs(began))
  const back = Math.round(performance.now() - began)
  context.diagnostic(
    `${said}: ${before.primary} → ${after.primary}, term ${before.term} → ${after.term}, ` +
      `nobody wrote for ${ms} ms, whole after ${back} ms ${JSON.stringify(after.lastPromotion)}`,
  )
  assert.ok(after.term >= before.term, 'terms never fall')
  await assertTold(system, after)
  return ms
}

/** Whoever draws the system hears of each promotion, with the moments of it. */
async function assertTold(
  { state }: ReleaseSystem['system'],
  { lastPromotion }: ShardStatus,
): Promise<void> {
  if (lastPromotion === null) return
  const { from, to, writingMs } = lastPromotion
  await eventually(async () => {
    const lines = (await readFile(join(state, 'control.log'), 'utf8')).trim().split('\n')
    const events = lines.map((line) => JSON.parse(line) as ControlEvent)
    const last = events.findLast((event) => event.type === 'promotion')?.promotion
    return last?.from === from && last.to === to && last.writingMs === writingMs ? true : null
  })
}

function say(context: TestContext, name: string, outages: readonly Outage[]): void {
  const bounded = outages.filter(({ fault }) => fault.missing === 1).map(({ ms }) => ms)
  const more = outages.filter(({ fault }) => fault.missing === 2).map(({ ms }) => ms)
  context.diagnostic(`one member missing: ${sayHistogram(bounded)}`)
  if (more.length > 0) context.diagnostic(`two members missing: ${sayHistogram(more)}`)
  const figures = { one: summaryOf(bounded), two: summaryOf(more) }
  context.diagnostic(`figures: ${JSON.stringify({ [name]: figures })}`)
  const worst = Math.max(0, ...bounded)
  assert.ok(worst <= worstMs, `nobody could write for ${worst} ms`)
}
