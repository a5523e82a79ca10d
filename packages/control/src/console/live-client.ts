import type { ServerResponse } from 'node:http'

const waitingMax = 1_048_576
const stalledMs = 120_000

/**
 * A page that follows. What it does not take is bounded: with more than a megabyte waiting it is sent nothing
 * more until it has taken that, and then everything anew.
 */
export class LiveClient {
  readonly #response: ServerResponse
  readonly #anew: () => string
  #behindSinceMs: number | null = null

  constructor(response: ServerResponse, anew: () => string) {
    this.#response = response
    this.#anew = anew
    response.on('drain', () => this.#catchUp())
  }

  /** How much waits for it now, in bytes. */
  get waiting(): number {
    return this.#response.writableLength
  }

  get isBehind(): boolean {
    return this.#behindSinceMs !== null
  }

  send(text: string): void {
    if (this.isBehind) this.#giveUpStalled()
    else if (this.waiting + text.length > waitingMax) this.#behindSinceMs = performance.now()
    else this.#response.write(text)
    // Nothing may wait at all: what is sent is larger than all that may wait.
    if (this.isBehind && this.waiting === 0) this.#catchUp()
  }

  end(): void {
    this.#response.end()
  }

  #catchUp(): void {
    if (this.#behindSinceMs === null || this.#response.destroyed) return
    this.#behindSinceMs = null
    this.#response.write(this.#anew())
  }

  /** One that takes nothing at all is not waited for: it comes again, if it is still there. */
  #giveUpStalled(): void {
    const since = this.#behindSinceMs ?? performance.now()
    if (performance.now() - since > stalledMs) this.#response.destroy()
  }
}
