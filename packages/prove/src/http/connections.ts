import { Client } from 'undici'
import { Exchange, type Outgoing, type Received } from './exchange.ts'
import { travelMs } from './keep-alive.ts'

export type ConnectionOptions = {
  /** How many connections are kept open, each for one request at a time. */
  readonly keepAlive: number
  readonly timeoutMs: number
  readonly now: () => number
}

/** How many connections were opened, by kind. */
export type ConnectionCounts = {
  readonly keepAlive: number
  readonly keepAliveOpened: number
  readonly oneRequest: number
}

/** How exact a timeout is. One sweep for all costs less than a timer for each. */
const sweepMs = 100

/** A connection that is kept, and opened again whenever it was closed. */
type Kept = { readonly client: Client; usableUntilMs: number }

/**
 * The prover's connections. Those that are kept honour what HTTP asks of a client: they close when the
 * server says `Connection: close`, and a second before the time that its `Keep-Alive` header announces.
 * They are used in turn, so that all of them stay in use, as those of many visitors would. Nothing is ever
 * sent a second time.
 */
export class Connections {
  readonly #origin: string
  readonly #options: ConnectionOptions
  readonly #free: Kept[] = []
  readonly #kept = new Set<Kept>()
  readonly #waiting = new Set<Exchange>()
  readonly #pending = new Set<Exchange>()
  readonly #sweep: NodeJS.Timeout
  #keepAliveOpened = 0
  #oneRequest = 0

  constructor(origin: string, options: ConnectionOptions) {
    this.#origin = origin
    this.#options = options
    for (let index = 0; index < options.keepAlive; index++) this.#free.push(this.#keep())
    // What arrived while this process was kept from running is read before anything is given up.
    this.#sweep = setInterval(() => setImmediate(() => this.#giveUpLate()), sweepMs)
  }

  get counts(): ConnectionCounts {
    return {
      keepAlive: this.#options.keepAlive,
      keepAliveOpened: this.#keepAliveOpened,
      oneRequest: this.#oneRequest,
    }
  }

  /** Sends on a kept connection, or on one of its own. Rejects with `NoAnswer`. */
  send(outgoing: Outgoing, oneRequest: boolean): Promise<Received> {
    return new Promise((resolve, reject) => {
      const { now, timeoutMs } = this.#options
      const exchange = new Exchange(outgoing, now() + timeoutMs, now, resolve, reject)
      this.#pending.add(exchange)
      if (oneRequest) this.#sendAlone(exchange)
      else this.#sendKept(exchange)
    })
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep)
    for (const exchange of this.#pending) exchange.giveUp('the proof ended')
    await Promise.all(Array.from(this.#kept, ({ client }) => client.destroy()))
  }

  #sendAlone(exchange: Exchange): void {
    this.#oneRequest++
    const client = this.#open()
    exchange.onSettled = () => {
      this.#pending.delete(exchange)
      client.destroy().catch(() => {})
    }
    this.#dispatch(client, exchange, true)
  }

  #sendKept(exchange: Exchange): void {
    const kept = this.#free.shift()
    if (kept) {
      this.#sendOn(kept, exchange)
      return
    }
    exchange.onSettled = () => {
      this.#pending.delete(exchange)
      this.#waiting.delete(exchange)
    }
    this.#waiting.add(exchange)
  }

  #sendOn(free: Kept, exchange: Exchange): void {
    const kept = this.#inTime(free)
    exchange.onSettled = () => {
      this.#pending.delete(exchange)
      kept.usableUntilMs = exchange.usableUntilMs
      this.#giveBack(kept)
    }
    this.#dispatch(kept.client, exchange, false)
  }

  /**
   * The same, or a new one where its time is over. The client closes idle connections by a timer of its own,
   * but when this process was kept from running, what is due to be sent may come before that timer.
   */
  #inTime(kept: Kept): Kept {
    if (this.#options.now() < kept.usableUntilMs) return kept
    this.#kept.delete(kept)
    kept.client.destroy().catch(() => {})
    return this.#keep()
  }

  #giveBack(kept: Kept): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#free.push(kept)
      return
    }
    this.#waiting.delete(next)
    // After the answer that freed it is dealt with: undici is still inside of it.
    queueMicrotask(() => (next.settled ? this.#giveBack(kept) : this.#sendOn(kept, next)))
  }

  #keep(): Kept {
    const client = this.#open()
    client.on('connect', () => {
      this.#keepAliveOpened++
    })
    const kept = { client, usableUntilMs: Number.POSITIVE_INFINITY }
    this.#kept.add(kept)
    return kept
  }

  #dispatch(client: Client, exchange: Exchange, reset: boolean): void {
    const { method, path, headers, body } = exchange.outgoing
    try {
      client.dispatch(
        { method, path, headers, body, reset } as Parameters<Client['dispatch']>[0],
        exchange,
      )
    } catch (error) {
      exchange.fail(error instanceof Error ? error.message : String(error), error)
    }
  }

  #open(): Client {
    const { timeoutMs } = this.#options
    return new Client(this.#origin, {
      pipelining: 1,
      keepAliveTimeoutThreshold: travelMs,
      // Deadlines are ours, because undici's timers tick once in a second.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: timeoutMs },
    })
  }

  /** The oldest come first, so that the sweep ends at the first that still has time. */
  #giveUpLate(): void {
    const now = this.#options.now()
    for (const exchange of this.#pending) {
      if (exchange.deadlineMs > now) return
      exchange.giveUp('timeout')
    }
  }
}
