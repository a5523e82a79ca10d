import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BusinessAnswer, LogLine, StoreHealth } from './api/types.ts'
import { AskReader } from './ask-reader.ts'
import { Counts } from './counts.ts'
import { dayOf } from './logs/events.ts'
import { LogFeed } from './logs/feed.ts'
import { Follower } from './logs/follower.ts'
import { LogFile, type NodeLine } from './logs/log-file.ts'
import { logSchema, logSchemaVersion } from './logs/log-schema.ts'
import { type Redactor, redactor } from './logs/redact.ts'
import { metricSchema, metricSchemaVersion } from './metrics/metric-file.ts'
import { Metrics } from './metrics/metrics.ts'
import { Scraper } from './metrics/scraper.ts'
import { Exporter } from './otlp/exporter.ts'
import { writeLines, writeMetrics, writeSpans } from './otlp/write.ts'
import { OwnMetrics } from './own-metrics.ts'
import { KeptFile } from './sqlite/kept-file.ts'
import { defaultLimits, type StoreFile, type StoreLimits } from './store-file.ts'
import { TraceFile, type TraceSpan } from './traces/trace-file.ts'
import { traceSchema, traceSchemaVersion } from './traces/trace-schema.ts'
import { TroubleBoard } from './trouble-board.ts'

export type Log = (level: 'info' | 'warn' | 'error', message: string, fields?: object) => void

export type StoreOptions = {
  readonly file: StoreFile
  readonly log: Log
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** For tests: the most pages that each database may have. */
  readonly pagesMax?: number
}

/** Newest samples are on the disk after this; no more is lost when the store is killed. */
const keepEveryMs = 5_000
const exportEveryMs = 10_000
const forgetEveryMs = 10_000
const rollUpEveryMs = 60_000
const businessEveryMs = 30_000
/** A clock of another machine may be ahead by so much; more is none. */
const aheadMs = 600_000
/** Old blocks and series are looked for less often. */
const forgetBlocksEvery = 30

/** Everything that the store keeps and does, without its address. */
export class Store {
  readonly file: StoreFile
  readonly limits: StoreLimits
  readonly now: () => number
  readonly counts = new Counts()
  readonly metrics: Metrics
  readonly reader: AskReader
  readonly feed = new LogFeed()
  readonly redact: Redactor
  readonly #logs: LogFile
  readonly #traces: TraceFile
  readonly #files: readonly KeptFile[]
  readonly #scraper: Scraper
  readonly #follower: Follower
  readonly #exporter: Exporter | null
  readonly #own = new OwnMetrics()
  readonly #board: TroubleBoard
  readonly #startedAt = new Date().toISOString()
  #timers: NodeJS.Timeout[] = []
  #tidying: Promise<void> = Promise.resolve()
  #round = 0
  #exportedAt = 0

  constructor({ file, log, now = Date.now, pagesMax }: StoreOptions) {
    this.file = file
    this.limits = { ...defaultLimits, ...file.limits }
    this.now = now
    this.#board = new TroubleBoard((sentence, isOver) =>
      log(isOver ? 'info' : 'warn', isOver ? 'trouble is over' : 'trouble', { trouble: sentence }),
    )
    mkdirSync(file.directory, { recursive: true, mode: 0o700 })
    const open = (name: string, schema: string, version: number) =>
      new KeptFile({
        path: join(file.directory, `${name}.db`),
        schema,
        version,
        onSetAside: (sentence) => log('warn', 'a file was begun anew', { sentence }),
        ...(pagesMax !== undefined && { pagesMax }),
      })
    const metrics = open('metrics', metricSchema, metricSchemaVersion)
    const logs = open('logs', logSchema, logSchemaVersion)
    const traces = open('traces', traceSchema, traceSchemaVersion)
    this.#files = [metrics, logs, traces]
    this.metrics = new Metrics(metrics, this.limits, now())
    this.#logs = new LogFile(logs)
    this.#traces = new TraceFile(traces)
    const { token, metricsToken, secrets = [], telemetry } = file
    this.redact = redactor([token, metricsToken, ...secrets])
    this.reader = new AskReader({
      directory: file.directory,
      generations: () => ({ logs: logs.generation, traces: traces.generation }),
      onDamaged: (name, why) => (name === 'logs' ? logs : traces).beginAnew(why),
    })
    this.#scraper = this.#makeScraper()
    this.#follower = this.#makeFollower()
    this.#exporter =
      telemetry.export === null
        ? null
        : new Exporter({
            ...telemetry.export,
            onDropped: (signal, count) => this.counts.drop(`export ${signal}`, count),
          })
  }

  #makeScraper(): Scraper {
    const { targetsFile, metricsToken, host, port, token } = this.file
    return new Scraper({
      registry: this.metrics.registry,
      targetsFile,
      // We ask ourselves like everybody else, with the token that we ask for.
      tokenFor: (address) => (address === `${host}:${port}` ? token : metricsToken),
      now: this.now,
      onSamples: (count, dropped) => {
        this.counts.take('samples', count)
        this.counts.drop('samples', dropped)
      },
    })
  }

  #makeFollower(): Follower {
    const { logs, controlLog, holderLog } = this.file
    return new Follower({
      logFile: this.#logs,
      logs,
      controlLog,
      holderLog,
      redact: this.redact,
      lengthMax: this.limits.lineBytes,
      keptMs: this.limits.logMs,
      now: this.now,
      onLines: (lines) => this.#tookLines(lines),
      onLost: (count) => this.counts.drop('lines', count),
      onTrouble: (error) => this.#board.set('logs', error),
    })
  }

  start(): void {
    this.#scraper.start()
    this.#follower.start()
    const every = (ms: number, work: () => void) => this.#timers.push(setInterval(work, ms))
    every(keepEveryMs, () => this.#keep())
    every(exportEveryMs, () => this.#exportMetrics())
    every(forgetEveryMs, () => this.#tidy())
    every(businessEveryMs, () => void this.#countBusiness())
    this.#tidy()
    void this.#countBusiness()
  }

  /** Writes down what is not yet, and lets go of everything. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#scraper.stop()
    await this.#follower.stop()
    await this.#tidying
    this.#keep()
    this.feed.close()
    this.#exporter?.stop()
    this.#own.stop()
    await this.reader.close()
    for (const file of this.#files) file.close()
  }

  /** Spans that somebody sent. A full disk costs them, and the sender is not told to try again. */
  takeSpans(spans: readonly TraceSpan[], refused: number): void {
    try {
      const dropped = this.#traces.write(spans)
      this.counts.take('spans', spans.length - dropped)
      this.counts.drop('spans', dropped + refused)
      this.#board.set('traces', null)
    } catch (error) {
      this.counts.drop('spans', spans.length + refused)
      this.#board.set('traces', error)
    }
    this.#exporter?.offer('traces', writeSpans(spans), spans.length)
  }

  /** Lines that somebody sent rather than wrote to a file. */
  takeLines(lines: readonly NodeLine[]): void {
    const now = this.now()
    const kept = lines
      .filter(({ at }) => at > now - this.limits.logMs)
      .map((line) => (line.at > now + aheadMs ? { ...line, at: now } : line))
    try {
      this.#tookLines(this.#logs.write({ lines: kept, places: [] }, this.now()))
    } catch (error) {
      this.counts.drop('lines', kept.length)
      this.#board.set('logs', error)
    }
  }

  #tookLines(lines: readonly LogLine[]): void {
    if (lines.length === 0) return
    this.counts.take('lines', lines.length)
    const events = lines.filter(({ message, fields }) => message === 'event' && 'event' in fields)
    this.counts.take('events', events.length)
    this.feed.send(lines)
    this.#exporter?.offer('logs', writeLines(lines), lines.length)
  }

  #keep(): void {
    try {
      this.metrics.keep(this.now())
      this.#board.set('metrics', null)
    } catch (error) {
      this.#board.set('metrics', error)
    }
  }

  #exportMetrics(): void {
    if (this.#exporter === null) return
    const parts = writeMetrics(this.metrics.registry, this.#exportedAt)
    this.#exportedAt = this.now()
    this.#exporter.offer('metrics', parts, this.metrics.registry.size)
  }

  /** One round of tidying at a time, however long it takes. */
  #tidy(): void {
    this.#tidying = this.#tidying
      .then(() => this.#tidyOnce())
      .then(() => this.#board.set('old rows', null))
      .catch((error: unknown) => this.#board.set('old rows', error))
  }

  async #tidyOnce(): Promise<void> {
    const now = this.now()
    const { logMs, logBytes, traceMs, traceBytes, eventMs } = this.limits
    await untilDone(() => this.#logs.forget({ before: now - logMs, bytes: logBytes }))
    await untilDone(() => this.#traces.forget({ before: now - traceMs, bytes: traceBytes }))
    const round = this.#round++
    if (round % (rollUpEveryMs / forgetEveryMs) === 0) await this.metrics.rollUp(now)
    if (round % forgetBlocksEvery !== 0) return
    await this.metrics.forget(now)
    const at = now - eventMs
    this.#logs.forgetMeaning({ day: dayOf(at), at }, this.#follower.paths)
  }

  async #countBusiness(): Promise<void> {
    if (this.file.telemetry.business.length === 0) return
    this.#own.business = await this.business().catch(() => this.#own.business)
  }

  async business(): Promise<BusinessAnswer> {
    const metrics = this.file.telemetry.business
    return (await this.reader.ask({
      kind: 'business',
      metrics,
      now: this.now(),
    })) as BusinessAnswer
  }

  ownMetrics(): string {
    return this.#own.text(this.counts, this.bytes)
  }

  get bytes(): number {
    return this.#files.reduce((sum, file) => sum + file.bytes, 0)
  }

  health(): StoreHealth {
    return {
      pid: process.pid,
      startedAt: this.#startedAt,
      bytes: this.bytes,
      lines: this.#logs.lines,
      spans: this.#traces.spans,
      trouble: this.#board.sentence,
    }
  }
}

/** Portion by portion, with room for others between. */
async function untilDone(work: () => boolean): Promise<void> {
  while (work()) await new Promise((resolve) => setTimeout(resolve, 20))
}
