/** Memory that says parts of itself in hexadecimal, as Node's Buffer does. */
export type HexMemory = {
  readonly length: number
  toString(encoding: 'hex', start: number, end: number): string
}

/**
 * The ids of traces and spans. Random bytes are taken many at a time, which costs far less than an id's worth
 * at each request.
 *
 * @example
 * const ids = new RandomIds(Buffer.alloc(4_096), randomFillSync)
 * ids.trace() // '4bf92f3577b34da6a3ce929d0e0e4736'
 */
export class RandomIds<Memory extends HexMemory> {
  readonly #memory: Memory
  readonly #fill: (memory: Memory) => void
  #at: number

  constructor(memory: Memory, fill: (memory: Memory) => void) {
    this.#memory = memory
    this.#fill = fill
    this.#at = memory.length
  }

  /** 16 bytes. */
  trace(): string {
    return this.#take(16)
  }

  /** 8 bytes. */
  span(): string {
    return this.#take(8)
  }

  #take(bytes: number): string {
    if (this.#at + bytes > this.#memory.length) {
      this.#fill(this.#memory)
      this.#at = 0
    }
    const from = this.#at
    this.#at += bytes
    return this.#memory.toString('hex', from, this.#at)
  }
}
