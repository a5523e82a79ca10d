import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long synchronous work may keep the event loop, which keeps the nodes alive meanwhile. */
const sliceMs = 5

/**
 * Small files are read and linked by synchronous calls, which take a fraction of the time of their
 * asynchronous forms; between slices of a few milliseconds everybody else gets a turn.
 *
 * @example for (const file of files) { if (pace.isDue()) await pace.rest(); read(file) }
 */
export class Pace {
  readonly #signal: AbortSignal | undefined
  #since = performance.now()

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  isDue(): boolean {
    return performance.now() - this.#since > sliceMs
  }

  async rest(): Promise<void> {
    this.#signal?.throwIfAborted()
    await nextTurn()
    this.#since = performance.now()
  }
}
