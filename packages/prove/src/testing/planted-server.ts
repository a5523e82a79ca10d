import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ProofRequest } from '@banyan/model'
import { createServer } from '../node-http.ts'
import { type FaultName, Faults } from './planted-faults.ts'
import { PlantedStore } from './planted-store.ts'
import { below, seededRandom } from './random.ts'

/** How a planted server behaves; without any of it, it is correct and unhurried. */
export type PlantedOptions = {
  readonly token: string
  readonly seed: number
  /** What it does wrong, once in `oneIn` writes. */
  readonly fault?: FaultName
  readonly oneIn?: number
  /** How long, from the first write on, connections are cut and the whole server is killed. */
  readonly troubleMs?: number
}

/** How often one request meets trouble of its own, and how often the server is killed. */
const cutShare = 0.03
const killEveryMs = 400
const downMs = 40

/**
 * `/-/prove` in memory, to prove the prover: correct, unless a fault is planted in it. It may be
 * killed, which is not a fault: then answers are lost, and what had been asked is done, or not, or later.
 */
export class PlantedServer {
  readonly store = new PlantedStore()
  readonly #server: Server
  readonly #options: PlantedOptions
  readonly #random: () => number
  readonly #faults: Faults | null
  readonly #sockets = new Set<Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Goes up with each kill, so that a request knows that its server has died. */
  #life = 0
  #troubleUntilMs: number | null = null
  #port = 0
  #isClosed = false
  /** What became of requests in trouble, for a test to see that there was any. */
  readonly troubles = { cutBefore: 0, cutAfter: 0, late: 0, refused: 0, unknown: 0, kills: 0 }

  constructor(options: PlantedOptions) {
    const { seed, fault, oneIn = 1 } = options
    this.#options = options
    this.#random = seededRandom(seed)
    this.#faults = fault ? new Faults(fault, oneIn, this.#random) : null
    this.#server = createServer((request, response) => void this.#answer(request, response))
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      socket.on('error', () => socket.destroy())
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get planted(): readonly string[] {
    return this.#faults?.planted ?? []
  }

  async start(): Promise<this> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const life = this.#life
    const isOurs = request.headers.authorization === `Bearer ${this.#options.token}`
    if (request.url !== '/-/prove' || !isOurs) return void say(response, 404, {})
    if (request.method === 'GET') return void say(response, 200, { protocol: 1, isolation: [] })
    const asked = JSON.parse(await textOf(request)) as ProofRequest
    await delay(this.#random() * 3)
    if (this.#isTroubled(asked)) return this.#trouble(asked, response)
    if (life !== this.#life) return this.#outlive(asked)
    const result = this.#act(asked)
    await delay(this.#random() * 3)
    if (response.destroyed || life !== this.#life) return
    response.once('finish', () => this.#faults?.answered(asked, performance.now()))
    say(response, 200, result)
  }

  #act(request: ProofRequest): object {
    return this.#faults?.act(this.store, request) ?? this.store.act(request)
  }

  /** Making ready and tidying up are left alone, since no fact hangs on them. */
  #isTroubled({ kind }: ProofRequest): boolean {
    const { troubleMs = 0 } = this.#options
    if (troubleMs === 0 || kind === 'open' || kind === 'clear') return false
    if (this.#troubleUntilMs === null) {
      this.#troubleUntilMs = performance.now() + troubleMs
      this.#later(killEveryMs * (0.5 + this.#random()), () => this.#kill())
    }
    return performance.now() < this.#troubleUntilMs && this.#random() < cutShare
  }

  /** One of the ways in which a single request can go without anything being wrong. */
  #trouble(asked: ProofRequest, response: ServerResponse): void {
    const ways = [
      () => {
        this.troubles.cutBefore += 1
        response.destroy()
      },
      () => {
        this.troubles.cutAfter += 1
        this.#act(asked)
        response.destroy()
      },
      () => {
        response.destroy()
        this.#actLate(asked)
      },
      () => {
        this.troubles.refused += 1
        say(response, 503, { error: { code: 'BANYAN_DATABASE_UNAVAILABLE' }, outcome: 'failed' })
      },
      () => {
        this.troubles.unknown += 1
        if (this.#random() < 0.5) this.#act(asked)
        say(response, 503, { error: { code: 'BANYAN_OUTCOME_UNKNOWN' }, outcome: 'unknown' })
      },
    ]
    ways[below(this.#random, ways.length)]?.()
  }

  /** An orphaned backend may end its work after the server was killed; mostly it does not. */
  #outlive(asked: ProofRequest): void {
    if (this.#random() < 0.3) this.#actLate(asked)
  }

  #actLate(asked: ProofRequest): void {
    this.troubles.late += 1
    this.#later(this.#random() * 500, () => this.#act(asked))
  }

  #kill(): void {
    this.troubles.kills += 1
    this.#life += 1
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    this.#later(downMs, () => void this.start())
    if (performance.now() + killEveryMs * 2 > (this.#troubleUntilMs ?? 0)) return
    this.#later(killEveryMs * (0.5 + this.#random()), () => this.#kill())
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (!this.#isClosed) act()
    }, ms)
    this.#timers.add(timer)
  }
}

function say(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  try {
    for await (const piece of request) text += String(piece)
  } catch {
    // The connection was cut within the request: nothing was asked.
    return '{"kind":"balances","keys":[]}'
  }
  return text
}
