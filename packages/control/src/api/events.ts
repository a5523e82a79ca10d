import type { ControlEvent, NewEvent } from './types.ts'

type Listener = (event: ControlEvent) => void

const keptMax = 1_000

/** Everything that control has said, newest last; who comes late is told what was said before. */
export class EventLog {
  readonly #kept: ControlEvent[] = []
  readonly #listeners = new Set<Listener>()
  readonly #sink: Listener

  /** `sink` gets every event once, for the log. */
  constructor(sink: Listener) {
    this.#sink = sink
  }

  add(event: NewEvent): void {
    const stamped = { at: new Date().toISOString(), ...event } as ControlEvent
    this.#kept.push(stamped)
    if (this.#kept.length > keptMax) this.#kept.shift()
    this.#sink(stamped)
    for (const listener of this.#listeners) listener(stamped)
  }

  get last(): ControlEvent | null {
    return this.#kept.at(-1) ?? null
  }

  /** Passes on what was said and what will be; returns how to stop. */
  follow(listener: Listener): () => void {
    for (const event of this.#kept) listener(event)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
