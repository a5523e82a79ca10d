import { randomFillSync } from 'node:crypto'
import {
  clockOffset,
  type KeptTrace,
  RandomIds,
  readTraceparent,
  type SpanRecord,
} from '@banyan/model'
import { partRecord, type Seen, serverRecord } from './span-records.ts'
import type { SeenRequest } from './watch.ts'

/** Spans of one request; a loop of statements is not to fill the memory, nor the store. */
const partsMax = 200

export const traceIds = new RandomIds(Buffer.alloc(4_096), randomFillSync)

/**
 * One request and what was done for it, until it is known whether anybody will want to see it: nothing is kept
 * but what was seen anyhow, of which spans are made only when they are sent.
 */
export class RequestTrace implements KeptTrace {
  readonly traceId: string
  readonly spanId = traceIds.span()
  /** Whether the client said which trace it is. */
  readonly isGiven: boolean
  /** Whether it is one of those that are kept anyhow. */
  isInShare = false
  /** Parts that were too many. */
  left = 0
  readonly #parentId: string | null
  readonly #request: SeenRequest
  #parts: Seen[] | null = null
  #isOver = false

  constructor(request: SeenRequest, traceparent: string | undefined) {
    const parent = readTraceparent(traceparent)
    this.isGiven = parent !== null
    this.traceId = parent?.traceId ?? traceIds.trace()
    this.#parentId = parent?.spanId ?? null
    this.#request = request
  }

  /** A statement, a transaction or a wait of this request has begun. */
  add(seen: Seen): void {
    if (this.#isOver) return
    this.#parts ??= []
    if (this.#parts.length < partsMax) this.#parts.push(seen)
    else this.left += 1
  }

  /** The request is over. Gives back whether its trace is to be kept. */
  end(slowMs: number): boolean {
    this.#isOver = true
    const { errorType, tookMs, status } = this.#request
    const isOdd = errorType !== '' || tookMs > slowMs
    // A stream of events is long, and ends when its client leaves: neither is worth a look.
    const isKept = isOdd && (status >= 500 || !isEventStream(this.#request))
    return isKept || this.isInShare
  }

  get size(): number {
    return 1 + (this.#parts?.length ?? 0)
  }

  spans(): readonly SpanRecord[] {
    const { traceId, spanId } = this
    const offset = clockOffset(performance.timeOrigin, performance.now(), Date.now())
    const own = serverRecord(this.#request, {
      ...{ traceId, spanId, parentId: this.#parentId, offset },
      left: this.left,
    })
    const parts = this.#parts ?? []
    const ids = new Map<Seen, string>(parts.map((part) => [part, traceIds.span()]))
    const endMs = this.#request.startedMs + this.#request.tookMs
    return [
      own,
      ...parts.map((part) =>
        partRecord(part, {
          ...{ traceId, spanId: ids.get(part) as string, offset, endMs },
          parentId: ('transaction' in part && ids.get(part.transaction as Seen)) || spanId,
        }),
      ),
    ]
  }
}

/** What was written need not be what was set, so that only the head as it went out can tell. */
function isEventStream({ response }: SeenRequest): boolean {
  const { _header: head } = response as { _header?: string | null }
  return /^content-type: *text\/event-stream/im.test(head ?? '')
}
