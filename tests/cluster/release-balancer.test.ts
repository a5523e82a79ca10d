import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { proveDuring } from './support/climbs.ts'
import {
  assertDone,
  assertFlawless,
  type ReleaseSystem,
  startReleaseSystem,
} from './support/releases.ts'

/* What stands at the entry is changed under the prover, there and back. */

const rounds = Number(process.env.BANYAN_BALANCER_ROUNDS ?? '1')
const rate = process.env.BANYAN_RELEASE_RATE ?? '120'

const missing = existsSync('/usr/sbin/haproxy') ? false : 'needs haproxy: apt-get install haproxy'

describe('gateway → haproxy → gateway', { timeout: 1_200_000, skip: missing }, () => {
  let released: ReleaseSystem

  before(async () => {
    released = await startReleaseSystem({ rungs: 'balanced' })
  })
  after(async () => await released?.remove())

  it(`fails no request of kept connections and of single ones, ${rounds} times`, async (context) => {
    const { system } = released
    const words = ['--rate', rate, '--one-request', '0.3', '--strict']
    const proof = await proveDuring(system, words, async () => {
      for (let round = 1; round <= rounds; round += 1) {
        for (const balancer of ['haproxy', 'gateway'] as const) {
          const report = await system.climb('grow', '--balancer', balancer)
          assertDone(report)
          assert.equal(report.requests.failed, 0, JSON.stringify(report.requests))
          const { nodes, rungs } = await system.status()
          const entry = nodes.filter(({ tier }) => tier === 'entry')
          assert.deepEqual(
            entry.map(({ name, engine }) => [name, engine]),
            [[`${balancer}-1`, balancer]],
          )
          assert.deepEqual(rungs, ['single', 'balanced'])
          context.diagnostic(
            `to ${balancer} ${round}: ${report.steps.length} steps in ${report.totalMs} ms, ` +
              `${report.requests.sent} requests, longest write pause ${report.longestWritePauseMs} ms`,
          )
        }
      }
    })
    const { sent, longestGapMs, p99Ms } = proof
    context.diagnostic(JSON.stringify({ sent, longestGapMs, p99Ms }))
    assertFlawless(proof)
  })

  it('is nothing to do where it stands there already', async () => {
    const report = await released.system.climb('grow', '--balancer', 'gateway')
    assertDone(report)
    assert.deepEqual(report.steps, [])
  })
})
