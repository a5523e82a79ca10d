import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad } from '@banyan/testing'
import { eventually } from './support/banyan.ts'
import { type ClimbSystem, type Proof, proveDuring, startClimbSystem } from './support/climbs.ts'

/*
 * The first climb as its users live through it: under the prover, with clients that keep connections,
 * clients that do not, and clients that hold a WebSocket. Times are printed, never asserted.
 */

const rounds = Number(process.env.BANYAN_CLIMB_ROUNDS ?? '1')
const rate = process.env.BANYAN_CLIMB_RATE ?? '120'
const everyKind = ['--rate', rate, '--one-request', '0.3', '--websockets', '10', '--strict']

function assertNothingWrong(proof: Proof): void {
  const { lost, doubled, staleReads, unknownOutcome, failed, webSockets } = proof
  assert.deepEqual(
    {
      lost,
      doubled,
      staleReads,
      unknownOutcome,
      failed: failed.total,
      webSockets: webSockets?.failed.total,
    },
    { lost: 0, doubled: 0, staleReads: 0, unknownOutcome: 0, failed: 0, webSockets: 0 },
    JSON.stringify(proof, null, 1),
  )
}

let system: ClimbSystem
before(async () => {
  system = await startClimbSystem({ rungs: 'single' })
})
after(async () => await system?.remove())

/** One system for all, wherever the test before has left it. */
async function reach(rung: 'single' | 'balanced'): Promise<void> {
  await eventually(async () => (await system.status()).climb === null || null, 60_000)
  if ((await system.status()).rungs.at(-1) === rung) return
  const report = await system.climb(rung === 'balanced' ? 'grow' : 'shrink', 'balanced')
  assert.equal(report.outcome, 'done', JSON.stringify(report, null, 1))
}

describe('single → balanced → single', { timeout: 1_200_000 }, () => {
  it(`fails no request of any kind of client, ${rounds} times`, async (context) => {
    const proof = await proveDuring(system, everyKind, async () => {
      for (let round = 1; round <= rounds; round += 1) {
        for (const direction of ['grow', 'shrink'] as const) {
          const report = await system.climb(direction, 'balanced')
          assert.equal(report.outcome, 'done', JSON.stringify(report, null, 1))
          assert.equal(report.requests.failed, 0, JSON.stringify(report.requests))
          assert.ok(report.requests.sent > 0, 'the entry counted no request')
          context.diagnostic(
            `${direction} ${round}: ${report.steps.length} steps in ${report.totalMs} ms, ` +
              `${report.requests.sent} requests, longest write pause ${report.longestWritePauseMs} ms`,
          )
        }
      }
    })
    const { sent, longestGapMs, webSockets } = proof
    context.diagnostic(JSON.stringify({ sent, longestGapMs, p99Ms: proof.p99Ms, webSockets }))
    assertNothingWrong(proof)
    assert.ok((webSockets?.closedWell ?? 0) > 0, 'no WebSocket was told to go elsewhere')
  })
})

describe('a client that keeps its connection through climbs', { timeout: 300_000 }, () => {
  before(async () => await reach('single'))

  it('is answered on it for as long as it was told that it may ask', async () => {
    const clients = Array.from({ length: 20 }, () => new KeptConnection(system.port))
    const asking = new AbortController()
    // Each asks again after a pause of its own, always within the time that the last answer granted.
    const work = Promise.all(
      clients.map(async (client, index) => {
        while (!asking.signal.aborted) {
          await client.ask()
          await sleep(150 + index * 200, null, { signal: asking.signal }).catch(() => {})
        }
      }),
    )
    assert.equal((await system.climb('grow', 'balanced')).outcome, 'done')
    await sleep(1_000)
    assert.equal((await system.climb('shrink', 'balanced')).outcome, 'done')
    asking.abort()
    await work
    const told = clients.reduce((sum, { toldToClose }) => sum + toldToClose, 0)
    assert.ok(told > 0, 'nobody was told to use another connection')
  })
})

/** A client of raw bytes: it reconnects only after an answer that says so. */
class KeptConnection {
  toldToClose = 0
  readonly #port: number
  #socket: Socket | null = null

  constructor(port: number) {
    this.#port = port
  }

  async ask(): Promise<void> {
    this.#socket ??= connect(this.#port, '127.0.0.1')
    const socket = this.#socket
    socket.write('GET /api/tags HTTP/1.1\r\nHost: conduit\r\n\r\n')
    const head = await answerOn(socket)
    assert.match(head, /^HTTP\/1\.1 200 /)
    if (!/\r\nconnection: close/i.test(head)) return
    this.toldToClose += 1
    this.#socket = null
    socket.destroy()
  }
}

/** The head of an answer with a length, once its body is there too. */
async function answerOn(socket: Socket): Promise<string> {
  let text = ''
  return await new Promise((resolve, reject) => {
    const done = (settle: () => void) => {
      socket.removeAllListeners()
      socket.on('error', () => {})
      settle()
    }
    socket.on('error', (error) => done(() => reject(error)))
    socket.on('close', () => done(() => reject(new Error(`closed without an answer: ${text}`))))
    socket.on('data', (piece) => {
      text += piece.toString('latin1')
      const [head = '', body] = text.split('\r\n\r\n')
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (body !== undefined && body.length >= length) done(() => resolve(head))
    })
  })
}

describe('balanced', { timeout: 600_000 }, () => {
  before(async () => await reach('balanced'))

  const get = async () => {
    const response = await fetch(`${system.url}/api/articles?limit=1`)
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`status ${response.status}`)
    return response.status
  }

  it('has a gateway in front of two web servers, and says so', async () => {
    const { rungs, nodes, url } = await system.status()
    assert.deepEqual(rungs, ['single', 'balanced'])
    assert.equal(url, system.url)
    assert.deepEqual(nodes.map(({ name }) => name).sort(), ['db-1', 'gateway-1', 'web-1', 'web-2'])
    assert.ok(nodes.every(({ health }) => health === 'healthy'))
  })

  /** Reads again and again while something is done; they end also when that fails. */
  async function asking(work: () => Promise<void>) {
    const load = startLoad({ rate: 100, send: get })
    try {
      await work()
    } catch (error) {
      await load.stop()
      throw error
    }
    return await load.stop()
  }

  it('keeps answering reads when a web server is killed, and brings it back', async (context) => {
    const { failed, sent } = await asking(async () => {
      await sleep(500)
      const { pid } = await system.node('web-2')
      await system.json('kill', 'web-2')
      const began = performance.now()
      await eventually(async () => {
        const node = await system.node('web-2')
        return (node.pid !== pid && node.health === 'healthy') || null
      })
      context.diagnostic(`web-2 was back after ${Math.round(performance.now() - began)} ms`)
      await sleep(500)
    })
    assert.deepEqual(failed, [], `${failed.length} of ${sent} failed`)
  })

  it('loses only what was in flight when the gateway is killed', async (context) => {
    const { failed, sent, longestGapMs } = await asking(async () => {
      await sleep(500)
      const { pid } = await system.node('gateway-1')
      await system.json('kill', 'gateway-1')
      await eventually(async () => {
        const node = await system.node('gateway-1')
        return (node.pid !== pid && node.health === 'healthy') || null
      })
      await sleep(500)
    })
    context.diagnostic(`${failed.length} of ${sent} failed, longest gap ${longestGapMs} ms`)
    const refused = failed.filter(({ error }) =>
      /ECONNREFUSED/.test(String((error as Error).cause)),
    )
    assert.deepEqual(refused, [], 'the public socket was not there')
  })

  it('leaves out a web server that stands still', async (context) => {
    const { failed, sent, longestGapMs } = await asking(async () => {
      await system.json('pause', 'web-1')
      await sleep(4_000)
      assert.equal((await system.node('web-1')).health, 'failed')
      await system.json('resume', 'web-1')
      await eventually(async () => (await system.node('web-1')).health === 'healthy' || null)
    })
    context.diagnostic(`${sent} sent, longest gap ${longestGapMs} ms`)
    assert.deepEqual(failed, [])
  })

  it('needs no control to leave out a web server that died', async () => {
    const [holder, control] = [await system.pidOf('holder'), await system.pidOf('control')]
    const { pid } = await system.node('web-2')
    const { failed, sent } = await asking(async () => {
      process.kill(holder, 'SIGSTOP')
      try {
        process.kill(control, 'SIGKILL')
        process.kill(Number(pid), 'SIGKILL')
        await sleep(3_000)
      } finally {
        process.kill(holder, 'SIGCONT')
      }
      await eventually(async () => {
        const node = await system.node('web-2')
        return (node.pid !== pid && node.health === 'healthy') || null
      })
    })
    assert.deepEqual(failed, [], `${failed.length} of ${sent} failed`)
  })
})
