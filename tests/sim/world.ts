/** What must never be. */
export class Violation extends Error {}

/** Virtual time and seeded chance: the same seed gives the same run, event for event. */
export class World {
  readonly seed: number
  readonly trace: string[] = []
  #state: number
  #nowMs = 0
  #order = 0
  readonly #queue: Event[] = []
  #failure: Error | null = null

  constructor(seed: number) {
    this.seed = seed
    this.#state = seed >>> 0
    // The first numbers of neighbouring seeds are alike.
    for (let index = 0; index < 8; index++) this.random()
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /** Between 0 and 1 (mulberry32). */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  between(low: number, high: number): number {
    return low + this.random() * (high - low)
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  pick<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.random() * values.length)]
    if (value === undefined) throw new Error('There is nothing to pick from.')
    return value
  }

  later(delayMs: number, run: () => void): void {
    const event = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run }
    push(this.#queue, event)
  }

  async sleep(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => this.later(delayMs, resolve))
  }

  say(text: string): void {
    this.trace.push(`${this.#nowMs.toFixed(1).padStart(9)} ${text}`)
  }

  /** What must never be has happened; the run ends with it. */
  fail(text: string): void {
    this.say(`VIOLATION: ${text}`)
    this.#failure ??= new Violation(text)
  }

  /** Lets time pass until this moment, or until a violation. */
  async runUntil(endMs: number): Promise<void> {
    for (;;) {
      await settled()
      if (this.#failure !== null) throw this.#failure
      const next = this.#queue[0]
      if (next === undefined || next.atMs > endMs) break
      pop(this.#queue)
      this.#nowMs = next.atMs
      next.run()
    }
    this.#nowMs = endMs
  }
}

type Event = { readonly atMs: number; readonly order: number; readonly run: () => void }

/** Every promise that could go on has gone on: ticks come after all of them, and sooner than timers. */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

const isBefore = (a: Event, b: Event): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

/** A binary heap: the earliest first. */
function push(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1
  while (index > 0) {
    const above = (index - 1) >> 1
    const parent = heap[above] as Event
    if (!isBefore(event, parent)) break
    heap[index] = parent
    index = above
  }
  heap[index] = event
}

function pop(heap: Event[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    let below = index * 2 + 1
    if (below >= heap.length) break
    const right = heap[below + 1]
    if (right !== undefined && isBefore(right, heap[below] as Event)) below += 1
    const child = heap[below] as Event
    if (!isBefore(child, last)) break
    heap[index] = child
    index = below
  }
  heap[index] = last
}
