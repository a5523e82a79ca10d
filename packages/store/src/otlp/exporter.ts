import { setTimeout as sleep } from 'node:timers/promises'
import type { Signal } from './messages.ts'

export type ExporterOptions = {
  /** The base URL, without `/v1/traces`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Told how many could not be sent, of which signal. */
  readonly onDropped: (signal: Signal, count: number) => void
  readonly backoffMs?: { readonly first: number; readonly most: number }
}

/** So many bytes wait for a receiver that is away; the oldest go first. */
const waitingMax = 8_388_608
const timeoutMs = 10_000

/** One part of a request, written already. */
type Part = { readonly text: string; readonly count: number }

const listNames: Readonly<Record<Signal, string>> = {
  traces: 'resourceSpans',
  logs: 'resourceLogs',
  metrics: 'resourceMetrics',
}

/**
 * Sends to somebody else by OTLP over HTTP, in JSON. Whoever offers something never waits; a receiver that is away
 * is tried again, ever more seldom; what it refuses for good is left out.
 */
export class Exporter {
  readonly #lanes: Readonly<Record<Signal, Lane>>

  constructor(options: ExporterOptions) {
    this.#lanes = {
      traces: new Lane('traces', options),
      logs: new Lane('logs', options),
      metrics: new Lane('metrics', options),
    }
  }

  /** `count` is how many spans, lines or series the parts have. */
  offer(signal: Signal, parts: readonly unknown[], count: number): void {
    if (parts.length > 0) this.#lanes[signal].offer(parts, count)
  }

  stop(): void {
    for (const lane of Object.values(this.#lanes)) lane.stop()
  }
}

class Lane {
  readonly #signal: Signal
  readonly #options: ExporterOptions
  readonly #ending = new AbortController()
  #waiting: Part[] = []
  #bytes = 0
  #isSending = false

  constructor(signal: Signal, options: ExporterOptions) {
    this.#signal = signal
    this.#options = options
  }

  offer(parts: readonly unknown[], count: number): void {
    const text = `{${JSON.stringify(listNames[this.#signal])}:${JSON.stringify(parts)}}`
    this.#waiting.push({ text, count })
    this.#bytes += text.length
    while (this.#bytes > waitingMax) this.#drop(this.#waiting.shift())
    if (!this.#isSending) void this.#sendAll()
  }

  stop(): void {
    this.#ending.abort()
  }

  #drop(part: Part | undefined): void {
    if (part === undefined) return
    this.#bytes -= part.text.length
    this.#options.onDropped(this.#signal, part.count)
  }

  async #sendAll(): Promise<void> {
    const { first = 1_000, most = 60_000 } = this.#options.backoffMs ?? {}
    this.#isSending = true
    let waitMs = first
    while (this.#waiting.length > 0 && !this.#ending.signal.aborted) {
      const part = this.#waiting[0] as Part
      const outcome = await this.#send(part)
      if (outcome === 'again') {
        await sleep(waitMs, null, { signal: this.#ending.signal }).catch(() => {})
        waitMs = Math.min(most, waitMs * 2)
        continue
      }
      waitMs = first
      // The oldest may have gone meanwhile, for want of room.
      if (this.#waiting[0] !== part) continue
      this.#waiting.shift()
      if (outcome === 'refused') this.#drop(part)
      else this.#bytes -= part.text.length
    }
    this.#isSending = false
  }

  async #send({ text }: Part): Promise<'done' | 'again' | 'refused'> {
    const { url, headers } = this.#options
    try {
      const response = await fetch(`${url.replace(/\/+$/, '')}/v1/${this.#signal}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: text,
        redirect: 'error',
        signal: AbortSignal.any([this.#ending.signal, AbortSignal.timeout(timeoutMs)]),
      })
      await response.body?.cancel()
      if (response.ok) return 'done'
      return response.status === 429 || response.status >= 500 ? 'again' : 'refused'
    } catch {
      return 'again'
    }
  }
}
