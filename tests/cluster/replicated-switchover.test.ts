import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { SwitchoverReport } from '@banyan/control/api'
import { proveDuring } from './support/climbs.ts'
import { sayHistogram, summaryOf } from './support/histogram.ts'
import { assertFlawless, type ReleaseSystem } from './support/releases.ts'
import { membersIn, shardIn, startShardSystem, statusNow, whole } from './support/shard-system.ts'
import { startWriteProbe } from './support/write-probe.ts'

/* Another member takes the writes, again and again, and no client gets anything but its answer. */

const times = Number(process.env.BANYAN_SWITCHOVERS ?? '2')
const rate = process.env.BANYAN_SHARD_RATE ?? '100'

describe('banyan switchover', { timeout: 1_800_000 }, () => {
  let released: ReleaseSystem

  before(async () => {
    released = await startShardSystem()
  })
  after(async () => await released?.remove())

  it(`fails no request, ${times} times`, async (context) => {
    const { system } = released
    const probe = startWriteProbe(system.url)
    const [pauses, gaps, totals]: [number[], number[], number[]] = [[], [], []]
    try {
      const proof = await proveDuring(system, ['--rate', rate, '--strict'], async () => {
        for (let time = 0; time < times; time += 1) {
          const before = shardIn(await whole(system))
          const began = performance.now()
          // Every other time control chooses.
          const named = before.confirming[time % before.confirming.length] ?? ''
          const words = time % 2 === 0 ? [] : [named]
          const report = await system.json<SwitchoverReport>('switchover', ...words)
          assert.equal(report.from, before.primary, JSON.stringify(report))
          if (words.length > 0) assert.equal(report.to, named)
          gaps.push(await probe.longestGapMs(began))
          pauses.push(report.pauseMs)
          totals.push(report.totalMs)
          const after = shardIn(await statusNow(system))
          assert.equal(after.primary, report.to)
          assert.ok(after.term > before.term, `term ${before.term} → ${after.term}`)
        }
        await whole(system)
      })
      context.diagnostic(`nobody could write for, as clients saw it: ${sayHistogram(gaps)}`)
      context.diagnostic(`nobody could write for, as control says: ${sayHistogram(pauses)}`)
      const figures = {
        gaps: summaryOf(gaps),
        pauses: summaryOf(pauses),
        totals: summaryOf(totals),
      }
      context.diagnostic(`figures: ${JSON.stringify({ switchover: figures })}`)
      assertFlawless(proof)
      assert.equal(proof.unknownOutcome, 0)
    } finally {
      await probe.stop()
    }
  })

  it('refuses a member that cannot take the writes, before anything is done', async () => {
    const { system } = released
    const before = await whole(system)
    const { primary, term } = shardIn(before)
    const refused = async (...words: string[]) =>
      (await system.json<{ error: { code: string; message: string; hint: string } }>(...words))
        .error
    const unknown = await refused('switchover', 'db-9')
    assert.equal(unknown.code, 'BANYAN_SWITCHOVER_REFUSED', JSON.stringify(unknown))
    assert.match(unknown.message, /db-9.*db-2, db-3/)
    const web = await refused('switchover', 'web-1')
    assert.equal(web.code, 'BANYAN_SWITCHOVER_REFUSED', JSON.stringify(web))
    const itself = await refused('switchover', primary ?? '')
    assert.equal(itself.code, 'BANYAN_SWITCHOVER_REFUSED', JSON.stringify(itself))
    const needless = await refused('switchover', '--accept-loss', '--yes')
    assert.equal(needless.code, 'BANYAN_SWITCHOVER_REFUSED', JSON.stringify(needless))
    for (const { message, hint } of [unknown, web, itself, needless]) {
      assert.ok(message.length > 0 && hint.length > 0)
    }
    const after = await statusNow(system)
    assert.deepEqual([shardIn(after).primary, shardIn(after).term], [primary, term])
    assert.equal(membersIn(after).length, 3)
  })
})
