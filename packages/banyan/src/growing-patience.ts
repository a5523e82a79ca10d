/** However slow a machine is: who has not answered by then is asked anew. */
const growthMax = 4

/**
 * How long a server may take to let a connection in. On a machine that is saturated this may take longer than
 * anything ought to, and whoever gives up each time just before the end, and begins again, never gets in, and makes
 * the machine busier: so each attempt that was too short makes the next one longer.
 */
export class GrowingPatience {
  readonly #leastMs: number
  #ms: number

  constructor(leastMs: number) {
    this.#leastMs = leastMs
    this.#ms = leastMs
  }

  get ms(): number {
    return this.#ms
  }

  wasTooShort(): void {
    this.#ms = Math.min(this.#ms * 2, this.#leastMs * growthMax)
  }

  wasEnough(): void {
    this.#ms = this.#leastMs
  }
}
