import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type InShare,
  openSender,
  type ProcessTelemetry,
  type SenderHost,
  type SpanSender,
  type SpanSource,
  traceparentOf,
  traceShare,
} from '@banyan/model'
import type { RequestContext } from '../log.ts'
import { request } from '../node-http.ts'
import { receiverPlace } from './receiver-place.ts'
import { RequestTrace } from './request-trace.ts'
import type { Seen } from './span-records.ts'
import type { SeenRequest, Watcher } from './watch.ts'

/** How long the end of the process waits for the last spans. */
const flushMs = 500

const header = 'traceparent'

/** Makes the spans of this process, and sends those of traces that are worth keeping. */
export class Tracer implements Watcher {
  readonly #slowMs: number
  readonly #inShare: InShare
  readonly #sender: SpanSender | null
  /** Parts of traces that were kept without them. */
  #left = 0

  /** Without the file that it was told in, spans go where they went at first. */
  constructor(told: ProcessTelemetry, source: SpanSource, systemFile?: string) {
    this.#slowMs = told.traces.slowMs
    this.#inShare = traceShare(told.traces.share, told.otlp?.token ?? '')
    // Nothing of what is sent belongs to the request that happened to have it sent.
    const outside = AsyncLocalStorage.snapshot()
    const set = (run: () => void, ms: number): NodeJS.Timeout => outside(setTimeout, run, ms)
    const moves = systemFile !== undefined && told.otlp !== null
    const host: SenderHost<NodeJS.Timeout> = {
      request,
      set,
      clear: clearTimeout,
      ...(moves && { where: receiverPlace(systemFile, told.otlp) }),
    }
    this.#sender = openSender(host, told, source)
  }

  /** Spans that were given up. */
  get dropped(): number {
    return this.#left + (this.#sender?.dropped ?? 0)
  }

  requestBegan(seen: SeenRequest): void {
    const { headers, rawHeaders } = seen.request
    const given = headers[header] as string | undefined
    const trace = new RequestTrace(seen, given)
    seen.context.trace = trace
    trace.isInShare = this.#inShare(trace.traceId)
    if (trace.isGiven) return
    // Whoever is asked by the app next is told the same trace, as is what the app measures by itself.
    if (given !== undefined) dropRaw(rawHeaders)
    const made = traceparentOf(trace.traceId, trace.spanId, trace.isInShare)
    headers[header] = made
    rawHeaders.push(header, made)
  }

  requestEnded({ context }: SeenRequest): void {
    const { trace } = context
    if (trace === undefined || !trace.end(this.#slowMs)) return
    this.#left += trace.left
    this.#sender?.add(trace)
  }

  readonly statementBegan = (seen: Seen): void => this.#began(seen)
  readonly transactionBegan = (seen: Seen): void => this.#began(seen)
  readonly waitBegan = (seen: Seen): void => this.#began(seen)

  #began(seen: Seen): void {
    const context: RequestContext | undefined = seen.context
    if (this.#sender !== null) context?.trace?.add(seen)
  }

  /** Sends the last spans; takes half a second at most. */
  flush(): Promise<void> {
    const sender = this.#sender
    return sender === null
      ? Promise.resolve()
      : new Promise((resolve) => sender.flush(flushMs, resolve))
  }
}

function dropRaw(rawHeaders: string[]): void {
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (rawHeaders[at]?.toLowerCase() === header) rawHeaders.splice(at, 2)
  }
}
