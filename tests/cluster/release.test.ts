import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { ClimbReport } from '@banyan/control/api'
import { type Proof, proveDuring } from './support/climbs.ts'
import {
  backfilling,
  badMigration,
  contracting,
  crashing,
  expanding,
  failing,
  neverReady,
  newCode,
  type PlannedRelease,
  reshaping,
  slow,
} from './support/release-plans.ts'
import {
  assertNothingLost,
  type ReleaseSystem,
  settled,
  startReleaseSystem,
} from './support/releases.ts'

/*
 * Releases as users live through them: under the prover, one after the other. A good one fails no
 * request. Of a bad one users see at most what its first share of the requests answered, and the
 * release counts that itself: each answer that it failed is a line in its log.
 */

/** How many of each list; 0 for all. */
const releasesMax = Number(process.env.BANYAN_RELEASE_ROUNDS ?? '1')
/** What a machine can answer that runs three tests at once: more would only be waited for. */
const rate = process.env.BANYAN_RELEASE_RATE ?? '60'
/** A slow machine is none that loses requests: what is never answered fails all the same. */
const timeoutMs = '60000'

type Place = {
  readonly rungs: string
  readonly balancer?: 'gateway' | 'haproxy'
  /** Good and bad ones in turns; the first are those of every test run. */
  readonly releases: readonly PlannedRelease[]
}

const places: readonly Place[] = [
  {
    rungs: 'balanced',
    balancer: 'gateway',
    releases: [
      ...[failing, expanding, crashing, newCode, neverReady],
      ...[backfilling, badMigration, contracting, slow, reshaping],
    ],
  },
  {
    rungs: 'balanced',
    balancer: 'haproxy',
    releases: [
      ...[slow, expanding, failing, newCode, crashing],
      ...[backfilling, neverReady, contracting, badMigration, reshaping],
    ],
  },
  { rungs: 'single', releases: [newCode, badMigration, slow, crashing, expanding] },
]

for (const { rungs, balancer, releases } of places) {
  const where = balancer === undefined ? rungs : `${rungs} with ${balancer}`
  describe(`releases on ${where}`, { timeout: 3_600_000 }, () => {
    let released: ReleaseSystem

    before(async () => {
      released = await startReleaseSystem({ rungs, ...(balancer && { balancer }) })
    })
    after(async () => await released?.remove())

    const chosen = releasesMax === 0 ? releases : releases.slice(0, releasesMax)
    it(`fail no request but those of a bad one's first share: ${chosen.map(({ name }) => name).join(', ')}`, async (context) => {
      const proof = await proveDuring(
        released.system,
        ['--rate', rate, '--timeout', timeoutMs],
        async () => {
          for (const planned of chosen) await releaseOne(context, released, planned)
        },
      )
      const { sent, longestGapMs, p99Ms, failed } = proof
      context.diagnostic(JSON.stringify({ sent, failed, longestGapMs, p99Ms }))
      assertNothingLost(proof)
      await assertOnlyFirstShare(context, released, proof)
    })
  })
}

async function releaseOne(
  context: TestContext,
  released: ReleaseSystem,
  planned: PlannedRelease,
): Promise<void> {
  const { live } = await released.list()
  await planned.edit(released.app)
  const report = await released.release()
  context.diagnostic(`${planned.name}: ${sayReport(report)}`)
  const text = JSON.stringify(report, null, 1)
  assert.equal(report.outcome, planned.undoneBecause === null ? 'done' : 'undone', text)
  if (planned.undoneBecause === null) assert.equal(report.requests.failed, 0, text)
  else assert.match(report.reason?.message ?? '', planned.undoneBecause, text)
  assert.ok(report.requests.sent > 0, 'the entry counted no request')
  const status = await settled(released)
  assert.equal(status.release, planned.undoneBecause === null ? report.to : live, text)
  await planned.mend?.(released.app)
}

const sayReport = ({ from, to, outcome, steps, totalMs, requests, ...report }: ClimbReport) =>
  `${from} → ${to} ${outcome}, ${steps.length} steps in ${totalMs} ms, ${requests.failed} of ${requests.sent} failed, ` +
  `longest write pause ${report.longestWritePauseMs} ms. ${report.reason?.message.split('\n')[0] ?? ''}`

/** What bad releases have answered badly, by their own word. */
async function assertOnlyFirstShare(
  context: TestContext,
  { system }: ReleaseSystem,
  { sent, failed }: Proof,
): Promise<void> {
  const folder = join(system.state, 'logs')
  const logs = await Promise.all(
    (await readdir(folder)).map(async (name) => await readFile(join(folder, name), 'utf8')),
  )
  const count = (text: string) => logs.join('\n').split(text).length - 1
  const [failures, slowOnes] = [count('failed answer'), count('slow answer')]
  context.diagnostic(`bad releases failed ${failures} answers and were slow in ${slowOnes}`)
  assert.equal(failed.total, failures, `failed besides: ${JSON.stringify(failed)}`)
  // A tenth, for as long as it takes to find out; on one server half of the connections.
  assert.ok(slowOnes < sent / 5, `${slowOnes} of ${sent} were slow`)
}
