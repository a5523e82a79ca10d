import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { ClimbReport } from '@banyan/control/api'
import { eventually } from './support/banyan.ts'
import { proveDuring } from './support/climbs.ts'
import { assertDone, assertFlawless, type ReleaseSystem } from './support/releases.ts'
import { membersIn, shardIn, startShardSystem, whole } from './support/shard-system.ts'

/*
 * The database moves and gets replicas while its users look on: under the prover, with a release after
 * each climb, and after every other one where there is one round. Times are printed, never asserted.
 */

const rounds = Number(process.env.BANYAN_SHARD_CLIMB_ROUNDS ?? '1')
const rate = process.env.BANYAN_SHARD_RATE ?? '100'

const climbs = [
  ['grow', 'split'],
  ['grow', 'replicated'],
  ['shrink', 'replicated'],
  ['shrink', 'split'],
] as const

/** The members after each climb from `balanced`. */
const membersAfter = [['db-2'], ['db-2', 'db-3', 'db-4'], ['db-2'], ['db-1']]

describe('balanced → split → replicated → split → balanced', { timeout: 3_600_000 }, () => {
  let released: ReleaseSystem

  before(async () => {
    released = await startShardSystem({ rungs: ['balanced'] })
  })
  after(async () => await released?.remove())

  it(`fails, loses, doubles and hides nothing, ${rounds} times, with releases in between`, async (context) => {
    const { app, system } = released
    const proof = await proveDuring(system, ['--rate', rate, '--strict'], async () => {
      for (let round = 1; round <= rounds; round += 1) {
        for (const [index, [direction, rung]] of climbs.entries()) {
          const report = await system.climb(direction, rung)
          context.diagnostic(`${direction} ${rung}: ${sayClimb(report)}`)
          assertDone(report)
          assert.equal(report.requests.failed, 0, JSON.stringify(report.requests))
          const status = await whole(system)
          assert.deepEqual(namesOf(status), membersAfter[index])
          // One server is its own; which of three takes the writes is not promised.
          if (namesOf(status).length === 1)
            assert.equal(shardIn(status).primary, namesOf(status)[0])
          if (rounds === 1 && index % 2 === 0) continue
          await app.become({ release: `${round}-${index}` })
          const release = await released.release()
          context.diagnostic(`release: ${sayClimb(release)}`)
          assertDone(release)
          assert.equal(release.requests.failed, 0, JSON.stringify(release.requests))
        }
      }
    })
    const { sent, longestGapMs, p99Ms, acknowledgedWrites } = proof
    context.diagnostic(JSON.stringify({ sent, acknowledgedWrites, longestGapMs, p99Ms }))
    assertFlawless(proof)
    assert.equal(proof.unknownOutcome, 0)
  })

  it('takes a climb back that somebody interrupts, and fails nothing', async (context) => {
    const { system } = released
    await whole(system)
    const proof = await proveDuring(system, ['--rate', rate, '--strict'], async () => {
      for (const [rung, afterMs] of [
        ['split', 900],
        ['replicated', 1_500],
      ] as const) {
        const report = await interrupted(context, rung, afterMs)
        assert.notEqual(report.outcome, 'failed', JSON.stringify(report, null, 1))
        const status = await whole(system)
        if (report.outcome === 'done') assertDone(await system.climb('shrink', rung))
        else assert.deepEqual(namesOf(status), ['db-1'])
      }
    })
    assertFlawless(proof)
  })

  async function interrupted(
    context: TestContext,
    rung: string,
    afterMs: number,
  ): Promise<ClimbReport> {
    const going = released.system.start('grow', rung, '--json')
    // Before it has said anything a command is not yet somebody who follows a climb.
    await eventually(async () => going.stdout() !== '' || null)
    const timer = setTimeout(() => going.child.kill('SIGINT'), afterMs)
    const { stdout, stderr } = await going.ended
    clearTimeout(timer)
    const last = stdout.trim().split('\n').at(-1) ?? ''
    assert.ok(last.startsWith('{'), `${stdout}${stderr}`)
    const report = JSON.parse(last) as ClimbReport
    context.diagnostic(`grow ${rung}, interrupted after ${afterMs} ms: ${sayClimb(report)}`)
    return report
  }
})

const namesOf = (status: Parameters<typeof membersIn>[0]) =>
  membersIn(status)
    .map(({ name }) => name)
    .sort()

const sayClimb = ({ outcome, steps, totalMs, requests, ...report }: ClimbReport) =>
  `${outcome}, ${steps.length} steps in ${totalMs} ms, ${requests.failed} of ${requests.sent} failed, ` +
  `longest write pause ${report.longestWritePauseMs} ms. ${report.reason?.message.split('\n')[0] ?? ''}`
