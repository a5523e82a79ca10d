import { percentileMs } from '../engine/figures.ts'
import type { WebSocketReport } from '../report.ts'
import { WebSocketFigures } from './figures.ts'
import { WebSocketVisitor } from './visitor.ts'

export type WebSocketOptions = {
  readonly clients: number
  /** How long an opening and a pong are waited for. */
  readonly timeoutMs: number
  readonly now: () => number
}

/** One sweep for all costs less than timers for each, and is exact enough for pings in seconds. */
const sweepMs = 50

/** So many begin in one sweep, so that a thousand do not knock at the same moment. */
const beginningMax = 20

const farewellMs = 2_000

/** The visitors who keep a WebSocket open for as long as the load runs. */
export class WebSocketVisitors {
  readonly #clients: number
  readonly #figures = new WebSocketFigures()
  readonly #waiting: WebSocketVisitor[]
  readonly #there: WebSocketVisitor[] = []
  #sweep: NodeJS.Timeout | undefined

  constructor(url: string, { clients, timeoutMs, now }: WebSocketOptions) {
    this.#clients = clients
    this.#waiting = Array.from(
      { length: clients },
      () => new WebSocketVisitor(url, timeoutMs, now, this.#figures),
    )
  }

  get report(): WebSocketReport {
    const { opened, closedWell, failures, messages, pings, latency } = this.#figures
    return {
      clients: this.#clients,
      opened,
      closedWell,
      failed: failures.report,
      messages,
      pings,
      p99PingMs: percentileMs(latency, 99),
    }
  }

  begin(): void {
    this.#look()
    // What arrived while this process was kept from running is read before anybody is given up.
    this.#sweep = setInterval(() => setImmediate(() => this.#look()), sweepMs)
  }

  /** Lets all of them go. Nothing is counted any more. */
  async end(): Promise<void> {
    clearInterval(this.#sweep)
    await Promise.all(this.#there.splice(0).map((visitor) => visitor.leave(farewellMs)))
  }

  #look(): void {
    this.#there.push(...this.#waiting.splice(0, beginningMax))
    for (const visitor of this.#there) visitor.look()
  }
}
