import { Worker } from 'node:worker_threads'

export type WatchdogData = {
  readonly shared: SharedArrayBuffer
  readonly whats: readonly string[]
  readonly secondsMax: number
}

/** Places in the shared memory: beats of our thread, and which of the names runs. */
export const beatPlace = 0
export const whatPlace = 1

const secondsMax = 10

/**
 * Sees from a thread of its own whether a scenario keeps ours busy for too long, as an endless loop does;
 * then says so with the place, and ends the process, because nobody else here could.
 */
export class Watchdog {
  readonly #places: Int32Array
  readonly #numbers: ReadonlyMap<string, number>
  readonly #timer: NodeJS.Timeout
  readonly #worker: Worker

  constructor(whats: readonly string[]) {
    const shared = new SharedArrayBuffer(8)
    this.#places = new Int32Array(shared)
    this.#numbers = new Map(whats.map((what, number) => [what, number]))
    const data: WatchdogData = { shared, whats, secondsMax }
    const url = new URL(`./watchdog-thread${import.meta.url.slice(-3)}`, import.meta.url)
    this.#worker = new Worker(url, { workerData: data })
    this.#worker.unref()
    this.#timer = setInterval(() => Atomics.add(this.#places, beatPlace, 1), 250)
    this.#timer.unref()
  }

  /** Another part of the scenario begins. */
  readonly enter = (what: string): void => {
    this.#places[whatPlace] = this.#numbers.get(what) ?? 0
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#worker.terminate()
  }
}
