import { Worker } from 'node:worker_threads'

/** Places in the memory that the pacemaker's thread shares with ours. */
export const beatPlace = 0
export const stopPlace = 1

export type PacemakerData = {
  readonly shared: SharedArrayBuffer
  /** When the first beat is due, in milliseconds since 1970, with fractions. */
  readonly startMs: number
  readonly spacingMs: number
}

/** More beats than this in a second cost more than the exactness that they buy. */
const spacingMsMin = 1

/**
 * Calls `beat` when arrivals are due, a fifth of a millisecond late. Node's own timers are late by up to
 * one and a half, which would show in every latency; a thread that sleeps until the next moment is exact
 * and costs no more.
 */
export class Pacemaker {
  readonly #worker: Worker
  readonly #shared: Int32Array
  #stopped = false

  constructor(startMs: number, spacingMs: number, beat: () => void) {
    const shared = new SharedArrayBuffer(8)
    this.#shared = new Int32Array(shared)
    const data: PacemakerData = {
      shared,
      startMs: performance.timeOrigin + startMs,
      spacingMs: Math.max(spacingMs, spacingMsMin),
    }
    const url = new URL(`./pacemaker-thread${import.meta.url.slice(-3)}`, import.meta.url)
    this.#worker = new Worker(url, { workerData: data })
    this.#follow(beat).catch(() => {})
  }

  async stop(): Promise<void> {
    this.#stopped = true
    Atomics.store(this.#shared, stopPlace, 1)
    await this.#worker.terminate()
  }

  async #follow(beat: () => void): Promise<void> {
    let seen = 0
    while (!this.#stopped) {
      const waited = Atomics.waitAsync(this.#shared, beatPlace, seen)
      if (waited.async) await waited.value
      seen = Atomics.load(this.#shared, beatPlace)
      if (!this.#stopped) beat()
    }
  }
}
