import assert from 'node:assert/strict'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LossReport, SwitchoverReport } from '@banyan/control/api'
import { eventually } from './support/banyan.ts'
import type { ClimbSystem } from './support/climbs.ts'
import { assertNoAnomaly, proveHistories, sayProofs } from './support/proofs.ts'
import type { ReleaseSystem } from './support/releases.ts'
import {
  membersIn,
  shardIn,
  signalMember,
  startShardSystem,
  statusNow,
  whole,
} from './support/shard-system.ts'
import { startWriteProbe } from './support/write-probe.ts'

/*
 * When more is gone than may be, nobody is promoted who may lack an acknowledged commit; it is said what to do,
 * and what comes back ends the wait.
 */

type Refusal = {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly details: { readonly loss?: LossReport }
}

describe('the primary and a replica that are gone for longer', { timeout: 900_000 }, () => {
  let released: ReleaseSystem

  before(async () => {
    released = await startShardSystem()
  })
  after(async () => await released?.remove())

  it('nobody is promoted until one of them is back, and then nothing is lost', async (context) => {
    const { system } = released
    const probe = startWriteProbe(system.url)
    try {
      const proofs = await proveHistories(system, { rate: 60, seed: 1 }, async () => {
        const { primary, confirming } = shardIn(await whole(system))
        const [gone = '', stays = ''] = confirming
        const began = performance.now()
        const mend = await ruin(system, [primary ?? '', gone])
        const sentence = await refusing(system, gone)
        context.diagnostic(`status says: ${sentence}`)
        await sleep(3_000)
        assert.equal(shardIn(await statusNow(system)).primary, null, 'somebody was promoted')
        await mend(gone)
        await eventually(async () => shardIn(await statusNow(system)).primary, 30_000)
        context.diagnostic(`nobody wrote for ${Math.round(await probe.longestGapMs(began))} ms`)
        // The old primary is made anew, ruined as it is.
        const { primary: heir } = shardIn(await whole(system, 120_000))
        assert.ok([gone, stays, primary].includes(heir ?? ''))
      })
      context.diagnostic(sayProofs(proofs))
      assertNoAnomaly(proofs)
    } finally {
      await probe.stop()
    }
  })

  it('a loss is accepted only by whoever has read what it may be', async (context) => {
    const { system } = released
    const { primary, confirming, term } = shardIn(await whole(system))
    const [gone = '', stays = ''] = confirming
    await ruin(system, [primary ?? '', gone])
    await refusing(system, gone)
    const refused = async (...words: string[]) =>
      (await system.json<{ error: Refusal }>('switchover', ...words)).error
    const plain = await refused()
    assert.equal(plain.code, 'BANYAN_SWITCHOVER_REFUSED', JSON.stringify(plain))
    assert.match(plain.hint, /never come back.*--accept-loss.*what may be lost/)
    const asked = await refused('--accept-loss')
    assert.equal(asked.code, 'BANYAN_CONFIRMATION_NEEDED', JSON.stringify(asked))
    assert.equal(asked.details.loss?.to, stays)
    assert.ok(asked.details.loss?.missing.includes(gone), JSON.stringify(asked))
    assert.equal(shardIn(await statusNow(system)).primary, null, 'asking promoted somebody')
    const report = await system.json<SwitchoverReport>('switchover', '--accept-loss', '--yes')
    context.diagnostic(JSON.stringify(report))
    assert.equal(report.to, stays, JSON.stringify(report))
    assert.ok(report.term > term)
    // It was answered before anybody was made anew, which takes as long as there is data.
    assert.match(report.sentence, /held until a replica can confirm them/)
    const log = await readFile(join(system.state, 'control.log'), 'utf8')
    const sinceLoss = log.slice(log.lastIndexOf(`Promote ${stays}`))
    assert.doesNotMatch(sinceLoss, new RegExp(`Start (${primary}|${gone}), which follows ${stays}`))
    // What is missing is ruined for good, and made anew from the new primary.
    const after = await whole(system, 120_000)
    assert.equal(shardIn(after).primary, stays)
    assert.equal(membersIn(after).length, 3)
  })
})

/** Ends members so that they cannot be started before they are mended. */
async function ruin(system: ClimbSystem, names: readonly string[]) {
  const fileOf = (name: string) => join(system.state, 'nodes', name, 'data/global/pg_control')
  for (const name of names) await rename(fileOf(name), `${fileOf(name)}.gone`)
  await Promise.all(names.map((name) => signalMember(system, name, 'SIGKILL')))
  return async (name: string) => await rename(`${fileOf(name)}.gone`, fileOf(name))
}

/** The sentence of status once it says that nobody is promoted, and because of whom. */
async function refusing(system: ClimbSystem, missing: string): Promise<string> {
  return await eventually(async () => {
    const { primary, sentence } = shardIn(await statusNow(system))
    const refuses = sentence.includes(missing) && sentence.includes('--accept-loss')
    return primary === null && refuses ? sentence : null
  }, 30_000)
}
