import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type AnswerCounts, countAnswer, emptyCounts } from '@banyan/model'

/** What is being answered on one connection. */
export class Exchange {
  /** The last answer: of pipelined ones it is the last that counts. */
  last: ServerResponse | null = null
  /** Whether that request is one of the app's (or a prover's), not a probe. */
  counts = false
  /** What arrived on the connection was no request, so that whatever is cut is the client's doing. */
  broken = false
  /** Its next answer is its last, so that the client opens another connection. */
  leaves = false
  /** Its client is none of the system's own balancers. */
  readonly isEntry: boolean
  startedMs = 0
  /** 0: not yet. */
  endedMs = 0
  /** One for the whole connection, because one per request would be a closure per request. */
  readonly #onFinish: (this: ServerResponse) => void

  constructor(isEntry = false) {
    this.isEntry = isEntry
    const exchange = this
    this.#onFinish = function (this: ServerResponse): void {
      if (this === exchange.last) exchange.endedMs = performance.now()
    }
  }

  begin(response: ServerResponse, counts: boolean): void {
    this.last = response
    this.counts = counts
    if (!counts) return
    this.startedMs = performance.now()
    this.endedMs = 0
    response.on('finish', this.#onFinish)
  }

  /** How long the answer took that is over. What was cut has ended when that is seen. */
  get tookMs(): number {
    if (this.endedMs === 0) this.endedMs = performance.now()
    return this.endedMs - this.startedMs
  }
}

/** What was answered to clients from outside: by the class of the answer, as the gateway counts them. */
export type EntryCounts = {
  readonly answers: Readonly<Record<string, number>>
  readonly connections: number
}

/** `aborted`: cut on its way. `left`: its client gave it up. */
const answerNames = ['', '1xx', '2xx', '3xx', '4xx', '5xx', 'aborted', 'left'] as const
const [aborted, left] = [6, 7]

/**
 * Counts answers: the one before is looked at when the next request comes on the same connection, and
 * the last one when the connection ends. All of it takes 0.15 µs per request.
 */
export class Tally {
  readonly #counts = emptyCounts()
  readonly #answers = new Array<number>(answerNames.length).fill(0)

  /** The exchange is over, or another takes its place. */
  settle(socket: Duplex, exchange: Exchange): void {
    const { last, counts, startedMs } = exchange
    if (last === null || !counts) return
    if (!isUnderWay(last)) {
      this.#count(socket, exchange, last, exchange.tookMs)
      return
    }
    // A client that pipelines sends its next request while this one is under way.
    last.once('close', () => this.#count(socket, exchange, last, performance.now() - startedMs))
  }

  #count(socket: Duplex, { broken, isEntry }: Exchange, last: ServerResponse, ms: number): void {
    const answer = answerOf(socket, last, broken)
    countAnswer(this.#counts, ms, isFailure(answer))
    if (isEntry) this.#answers[answer] = (this.#answers[answer] as number) + 1
  }

  /** The sum so far; the last answers of connections that are still open are not settled yet. */
  read(open: Iterable<readonly [Duplex, Exchange]>): AnswerCounts {
    const all = { ...this.#counts, latency: this.#counts.latency.slice() }
    for (const [socket, exchange] of open) {
      const { last, counts, broken } = exchange
      if (last === null || !counts || isUnderWay(last)) continue
      countAnswer(all, exchange.tookMs, isFailure(answerOf(socket, last, broken)))
    }
    return all
  }

  /** The same of clients from outside, by what they were answered. */
  readEntry(open: Iterable<readonly [Duplex, Exchange]>): EntryCounts {
    const all = this.#answers.slice()
    let connections = 0
    for (const [socket, { last, counts, broken, isEntry }] of open) {
      if (!isEntry) continue
      connections += 1
      if (last === null || !counts || isUnderWay(last)) continue
      const answer = answerOf(socket, last, broken)
      all[answer] = (all[answer] as number) + 1
    }
    // What has not happened yet is told as 0, or nobody could tell that it grew; 1xx hardly ever does.
    const answers = answerNames.map((name, at) => [name, all[at] as number] as const)
    const told = answers.filter(([, count], at) => count > 0 || at > 1)
    return { answers: Object.fromEntries(told), connections }
  }
}

export function isUnderWay(response: ServerResponse | null): response is ServerResponse {
  return response !== null && !response.writableFinished && !response.destroyed
}

/** The place of its name among {@link answerNames}. */
function answerOf(socket: Duplex, response: ServerResponse, broken: boolean): number {
  if (response.writableFinished) return Math.min(5, Math.floor(response.statusCode / 100))
  return broken || wasLeft(socket) ? left : aborted
}

const isFailure = (answer: number): boolean => answer === 5 || answer === aborted

const clientCodes = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED'])

/** Whether it was the client that ended the connection. */
function wasLeft(socket: Duplex): boolean {
  if (socket.readableEnded) return true
  const code = (socket.errored as NodeJS.ErrnoException | null)?.code
  return code !== undefined && clientCodes.has(code)
}
