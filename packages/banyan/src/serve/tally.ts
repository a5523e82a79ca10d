import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { EntryRequests } from '@banyan/model'

/** What is being answered on one connection. */
export type Exchange = {
  /** The last answer: of pipelined ones it is the last that counts. */
  last: ServerResponse | null
  /** Whether that request is one of the app's (or a prover's), not a probe. */
  counts: boolean
  /** What arrived on the connection was no request, so that whatever is cut is the client's doing. */
  broken: boolean
}

/**
 * Counts answers without a listener per request: the one before is looked at when the next request
 * comes on the same connection, and the last one when the connection ends.
 */
export class Tally {
  #sent = 0
  #failed = 0

  /** The exchange is over, or another takes its place. */
  settle(socket: Duplex, exchange: Exchange): void {
    const { last, counts, broken } = exchange
    if (last === null || !counts) return
    // A client that pipelines sends its next request while this one is under way.
    if (isUnderWay(last)) last.once('close', () => this.#count(hasFailed(socket, last, broken)))
    else this.#count(hasFailed(socket, last, broken))
  }

  /** The sum so far; the last answers of connections that are still open are not settled yet. */
  read(open: Iterable<readonly [Duplex, Exchange]>): EntryRequests {
    let sent = this.#sent
    let failed = this.#failed
    for (const [socket, { last, counts, broken }] of open) {
      if (last === null || !counts || isUnderWay(last)) continue
      sent += 1
      if (hasFailed(socket, last, broken)) failed += 1
    }
    return { sent, failed }
  }

  #count(failed: boolean): void {
    this.#sent += 1
    if (failed) this.#failed += 1
  }
}

export function isUnderWay(response: ServerResponse | null): response is ServerResponse {
  return response !== null && !response.writableFinished && !response.destroyed
}

function hasFailed(socket: Duplex, response: ServerResponse, broken: boolean): boolean {
  if (response.writableFinished) return response.statusCode >= 500
  return !broken && !wasLeft(socket)
}

const clientCodes = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED'])

/** Whether it was the client that ended the connection. */
function wasLeft(socket: Duplex): boolean {
  if (socket.readableEnded) return true
  const code = (socket.errored as NodeJS.ErrnoException | null)?.code
  return code !== undefined && clientCodes.has(code)
}
