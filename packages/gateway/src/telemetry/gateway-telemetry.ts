import { monitorEventLoopDelay } from 'node:perf_hooks'
import {
  delayResolutionMs,
  type GatewayFile,
  type InShare,
  MetricsText,
  openSender,
  ProcessMeter,
  type ProcessTelemetry,
  type SenderHost,
  type SpanSender,
  traceShare,
} from '@banyan/model'
import { request } from '../node-http.ts'
import { EntryMetrics } from './entry-metrics.ts'
import type { Outcome } from './outcome.ts'
import { RequestTrace, type Traced } from './request-trace.ts'

const host: SenderHost<NodeJS.Timeout> = { request, set: setTimeout, clear: clearTimeout }

/** How long the end of the process waits for the last spans. */
const flushMs = 500

/** What is measured while the gateway's file says so; without that, nothing is. */
type Measuring = {
  readonly told: ProcessTelemetry
  readonly inShare: InShare
  readonly sender: SpanSender | null
}

/** The telemetry of one gateway: what it counts, which traces it keeps, and where they go. */
export class GatewayTelemetry {
  readonly #metrics = new EntryMetrics()
  readonly #delay = monitorEventLoopDelay({ resolution: delayResolutionMs })
  readonly #meter = new ProcessMeter(process, performance, this.#delay)
  #measuring: Measuring | null = null
  readonly #droppedLines: () => number
  /** Spans that senders before this one gave up. */
  #droppedBefore = 0

  constructor(droppedLines: () => number) {
    this.#droppedLines = droppedLines
  }

  /** What the file says from now on. */
  take({ telemetry, node, backends, routes }: GatewayFile): void {
    this.#metrics.expect(routes.map(({ service }) => service))
    this.#metrics.keep(new Set(backends.map((backend) => backend.node)))
    if (telemetry === undefined) {
      this.#delay.disable()
      this.#leave(this.#measuring?.sender ?? null)
      this.#measuring = null
      return
    }
    this.#delay.enable()
    const sender = this.#senderFor(telemetry, node)
    const { share } = telemetry.traces
    const inShare = traceShare(share, telemetry.otlp?.token ?? '')
    this.#measuring = { told: telemetry, inShare, sender }
  }

  #senderFor({ otlp }: ProcessTelemetry, node: string): SpanSender | null {
    const { told, sender = null } = this.#measuring ?? {}
    if (told?.otlp?.url === otlp?.url && told?.otlp?.token === otlp?.token) return sender
    this.#leave(sender)
    return openSender(host, { otlp }, { service: 'entry', node })
  }

  /** What it still has goes out as far as that is possible. */
  #leave(sender: SpanSender | null): void {
    if (sender === null) return
    const dropped = sender.dropped
    this.#droppedBefore += dropped
    sender.flush(flushMs, () => {
      this.#droppedBefore += sender.dropped - dropped
    })
  }

  /** Whether requests have traces of their own here. */
  get isOn(): boolean {
    return this.#measuring !== null
  }

  /** Null: nothing is measured, and what a client says of its trace is passed on as it is. */
  began(traced: Traced): RequestTrace | null {
    return this.#measuring === null ? null : new RequestTrace(traced, this.#measuring.inShare)
  }

  answered(node: string, service: string, answer: number | string, ms: number): void {
    if (this.#measuring !== null) this.#metrics.answered(node, service, answer, ms)
  }

  /** Counts it also while nothing is measured, so that the sum is that of the gateway whatever its file says later. */
  ended(service: string, outcome: Outcome, trace: RequestTrace | null): void {
    this.#metrics.ended(service, outcome)
    const measuring = this.#measuring
    if (trace === null || measuring === null) return
    if (trace.end(outcome, measuring.told.traces.slowMs)) measuring.sender?.add(trace)
  }

  /** What `/-/metrics` asks for; null: it is not there. */
  get token(): string | null {
    return this.#measuring?.told.metricsToken ?? null
  }

  /** The answer of `/-/metrics`. */
  text(connections: number): string {
    const text = new MetricsText()
    this.#metrics.addTo(text)
    text.add('banyan_entry_connections', connections)
    const spans = this.#droppedBefore + (this.#measuring?.sender?.dropped ?? 0)
    this.#meter.addTo(text, { spans, series: this.#metrics.dropped, lines: this.#droppedLines() })
    return text.toString()
  }

  /** Sends the last spans; takes half a second at most. */
  flush(): Promise<void> {
    this.#delay.disable()
    const sender = this.#measuring?.sender ?? null
    this.#measuring = null
    if (sender === null) return Promise.resolve()
    return new Promise((resolve) => sender.flush(flushMs, resolve))
  }
}
