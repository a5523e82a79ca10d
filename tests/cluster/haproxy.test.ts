// A system whose balancer is HAProxy, as its users live through it: under the prover, with clients that
// keep their connection and clients that do not. Times are printed, never asserted.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { haproxyEngine } from './balancer/haproxy-engine.ts'
import { eventually } from './support/banyan.ts'
import { type ClimbSystem, type Proof, proveDuring, startClimbSystem } from './support/climbs.ts'

const rounds = Number(process.env.BANYAN_CLIMB_ROUNDS ?? '1')
const rate = process.env.BANYAN_CLIMB_RATE ?? '120'
const clients = ['--rate', rate, '--one-request', '0.3', '--strict']

function assertNothingWrong(proof: Proof): void {
  const { lost, doubled, staleReads, unknownOutcome, failed } = proof
  assert.deepEqual(
    { lost, doubled, staleReads, unknownOutcome, failed: failed.total },
    { lost: 0, doubled: 0, staleReads: 0, unknownOutcome: 0, failed: 0 },
    JSON.stringify(proof, null, 1),
  )
}

const entryOf = async (system: ClimbSystem): Promise<readonly string[]> =>
  (await system.status()).nodes.filter(({ tier }) => tier === 'entry').map(({ name }) => name)

const options = { skip: haproxyEngine.missing ?? false, timeout: 1_200_000 }

describe('HAProxy at the entry', options, () => {
  let system: ClimbSystem

  before(async () => {
    system = await startClimbSystem({ rungs: 'single' })
  })
  after(async () => await system?.remove())

  it(`single → balanced → single fails no request, ${rounds} times`, async (context) => {
    const proof = await proveDuring(system, clients, async () => {
      for (let round = 1; round <= rounds; round += 1) {
        for (const direction of ['grow', 'shrink'] as const) {
          const words = direction === 'grow' ? ['--balancer', 'haproxy'] : []
          const report = await system.climb(direction, 'balanced', ...words)
          assert.equal(report.outcome, 'done', JSON.stringify(report, null, 1))
          assert.equal(report.requests.failed, 0, JSON.stringify(report.requests))
          assert.ok(report.requests.sent > 0, 'the entry counted no request')
          if (direction === 'grow') assert.deepEqual(await entryOf(system), ['haproxy-1'])
          context.diagnostic(
            `${direction} ${round}: ${report.steps.length} steps in ${report.totalMs} ms`,
          )
        }
      }
    })
    context.diagnostic(JSON.stringify({ sent: proof.sent, p99Ms: proof.p99Ms }))
    assertNothingWrong(proof)
  })

  it(`gateway ↔ haproxy fails no request, ${rounds} times there and back`, async (context) => {
    const proof = await proveDuring(system, clients, async () => {
      for (let round = 1; round <= rounds; round += 1) {
        for (const balancer of ['gateway', 'haproxy'] as const) {
          const report = await system.climb('grow', 'balanced', '--balancer', balancer)
          assert.equal(report.outcome, 'done', JSON.stringify(report, null, 1))
          assert.deepEqual(await entryOf(system), [`${balancer}-1`])
          context.diagnostic(`to ${balancer} ${round}: ${report.totalMs} ms`)
        }
      }
    })
    context.diagnostic(JSON.stringify({ sent: proof.sent, p99Ms: proof.p99Ms }))
    assertNothingWrong(proof)
  })

  it('serves on while control is killed and comes back, and is the same process', async () => {
    const pid = (await system.node('haproxy-1')).pid
    const proof = await proveDuring(system, clients, async () => {
      const control = await system.pidOf('control')
      process.kill(control, 'SIGKILL')
      await eventually(async () => (await system.pidOf('control')) !== control || null)
      await eventually(async () => {
        const { health } = await system.node('haproxy-1').catch(() => ({ health: 'unknown' }))
        return health === 'healthy' || null
      })
    })
    assertNothingWrong(proof)
    assert.equal((await system.node('haproxy-1')).pid, pid)
  })

  it('is back after SIGKILL, and connections that come meanwhile wait', async (context) => {
    const { pid } = await system.node('haproxy-1')
    await system.json('kill', 'haproxy-1')
    const begun = performance.now()
    const answer = await fetch(`${system.url}/api/tags`)
    assert.equal(answer.status, 200)
    context.diagnostic(`answered ${Math.round(performance.now() - begun)} ms after SIGKILL`)
    assert.notEqual((await system.node('haproxy-1')).pid, pid)
  })

  it('gives its metrics on its private address only, to whoever has the token', async () => {
    assert.equal((await fetch(`${system.url}/-/metrics`)).status, 404)
    const { address } = await system.node('haproxy-1')
    const url = `http://${address}/-/metrics`
    assert.equal((await fetch(url)).status, 401)
    const { controlToken } = JSON.parse(await readFile(join(system.state, 'secrets.json'), 'utf8'))
    const headers = { authorization: `Bearer ${controlToken}` }
    const text = await (await fetch(url, { headers })).text()
    assert.match(text, /haproxy_server_status\{proxy="web"/)
  })
})
