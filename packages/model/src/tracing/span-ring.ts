import type { KeptTrace, SpanRecord } from './span.ts'

/** Traces that wait to be sent, a bounded number of spans: the oldest go first when there are more. */
export class SpanRing {
  /** Spans that were given up. */
  dropped = 0
  readonly #max: number
  #waiting: KeptTrace[] = []
  /** Where the oldest one lies: taking it out would move all others. */
  #first = 0
  #size = 0

  constructor(max: number) {
    this.#max = max
  }

  /** How many spans wait. */
  get size(): number {
    return this.#size
  }

  add(trace: KeptTrace): void {
    this.#waiting.push(trace)
    this.#size += trace.size
    this.#makeRoom()
  }

  /** What could not be sent: it is older than whatever came meanwhile. */
  putBack(traces: readonly KeptTrace[]): void {
    this.#waiting = [...traces, ...this.#waiting.slice(this.#first)]
    this.#first = 0
    this.#size += count(traces)
    this.#makeRoom()
  }

  /** Takes the oldest out, about as many spans as are wanted, and never less than a trace. */
  take(wanted: number): KeptTrace[] {
    const taken: KeptTrace[] = []
    for (let spans = 0; spans < wanted && this.#size > 0; ) {
      const trace = this.#shift()
      taken.push(trace)
      spans += trace.size
    }
    return taken
  }

  #makeRoom(): void {
    while (this.#size > this.#max) this.dropped += this.#shift().size
  }

  #shift(): KeptTrace {
    const trace = this.#waiting[this.#first] as KeptTrace
    this.#first += 1
    this.#size -= trace.size
    if (this.#first > 1_000 || this.#first === this.#waiting.length) {
      this.#waiting.splice(0, this.#first)
      this.#first = 0
    }
    return trace
  }
}

export const count = (traces: readonly KeptTrace[]): number =>
  traces.reduce((sum, { size }) => sum + size, 0)

export const spansOf = (traces: readonly KeptTrace[]): SpanRecord[] =>
  traces.flatMap((trace) => trace.spans())
