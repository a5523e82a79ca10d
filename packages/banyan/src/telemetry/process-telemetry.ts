import { monitorEventLoopDelay } from 'node:perf_hooks'
import {
  delayResolutionMs,
  MetricsText,
  ProcessMeter,
  type SpanSource,
  type ProcessTelemetry as Told,
} from '@banyan/model'
import { readSystemFile } from '../data/system-file.ts'
import { onStop } from '../lifecycle.ts'
import { droppedLines } from '../log.ts'
import type { EntryCounts } from '../serve/tally.ts'
import { ServeMetrics } from './serve-metrics.ts'
import { Tracer } from './tracer.ts'
import { watch } from './watch.ts'

/** What one process measures, for as long as one of its servers wants it. */
export class ProcessTelemetry {
  readonly metricsToken: string
  readonly #metrics = new ServeMetrics()
  readonly #delay = monitorEventLoopDelay({ resolution: delayResolutionMs })
  readonly #meter = new ProcessMeter(process, performance, this.#delay)
  readonly #forget: (() => void)[] = []
  readonly #tracer: Tracer
  readonly #source: SpanSource
  #flushed: Promise<void> | null = null

  constructor(told: Told, source: SpanSource, systemFile: string) {
    this.metricsToken = told.metricsToken
    this.#source = source
    this.#tracer = new Tracer(told, source, systemFile)
    this.#delay.enable()
    this.#forget.push(watch(this.#metrics), watch(this.#tracer))
    // The process waits for the last spans, as it does for the app's own hooks.
    const forget = onStop(() => this.#flush().finally(forget))
  }

  /** The answer of `/-/metrics`, with what the server counted where it is the entry itself. */
  text(entry: EntryCounts | null = null): string {
    const text = new MetricsText()
    this.#metrics.addTo(text)
    if (entry !== null) this.#addEntry(text, entry)
    const [spans, series] = [this.#tracer.dropped, this.#metrics.dropped]
    this.#meter.addTo(text, { spans, series, lines: droppedLines() })
    return text.toString()
  }

  #addEntry(text: MetricsText, { answers, connections }: EntryCounts): void {
    for (const [answer, count] of Object.entries(answers)) {
      const labels = { banyan_service: this.#source.service, banyan_answer: answer }
      text.add('banyan_entry_requests_total', count, labels)
    }
    text.add('banyan_entry_connections', connections)
  }

  stop(): void {
    for (const forget of this.#forget) forget()
    this.#delay.disable()
    void this.#flush()
  }

  #flush(): Promise<void> {
    this.#flushed ??= this.#tracer.flush()
    return this.#flushed
  }
}

export type TelemetryUse = { readonly telemetry: ProcessTelemetry; release(): void }

let running: { readonly path: string; readonly telemetry: ProcessTelemetry; uses: number } | null =
  null

/**
 * Measures from now on, where the file of the system says so; null: it does not. The servers of one process
 * share what is measured: a process has one log, one event loop and one set of pools.
 */
export function useTelemetry(systemFile: string | undefined): TelemetryUse | null {
  if (systemFile === undefined || systemFile === '') return null
  if (running?.path !== systemFile) {
    const { telemetry: told, ...source } = readSystemFile(systemFile)
    if (told === undefined) return null
    running?.telemetry.stop()
    const telemetry = new ProcessTelemetry(told, source, systemFile)
    running = { path: systemFile, telemetry, uses: 0 }
  }
  const mine = running
  mine.uses += 1
  return {
    telemetry: mine.telemetry,
    release() {
      mine.uses -= 1
      if (mine.uses > 0) return
      mine.telemetry.stop()
      if (running === mine) running = null
    },
  }
}
