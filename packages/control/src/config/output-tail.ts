import type { Readable } from 'node:stream'

/** Reads everything that a child prints, so that it never waits for us, and keeps the last of it. */
export class OutputTail {
  #text = ''
  readonly #lettersMax: number

  constructor(streams: readonly Readable[], lettersMax = 8192) {
    this.#lettersMax = lettersMax
    for (const stream of streams) {
      stream.setEncoding('utf8')
      stream.on('data', (text: string) => this.#add(text))
      // A child that is killed may leave its pipe broken; what was read until then is what there is.
      stream.on('error', () => {})
    }
  }

  get text(): string {
    return this.#text
  }

  #add(text: string): void {
    this.#text = (this.#text + text).slice(-this.#lettersMax)
  }
}
