import { BadAnswer } from './answer-head.ts'

/** Most bytes of a size line with its extensions, and of all trailers together. */
const lineBytesMax = 1_024
const trailerBytesMax = 16_384

const sizeLine = /^([0-9a-fA-F]{1,12})[ \t]*(?:;[^\r\n]*)?$/

/**
 * Takes a chunked body apart. Trailers are read and left out: which of them are meant for whom
 * nobody behind us could tell.
 */
export class ChunkedDecoder {
  #state: 'size' | 'data' | 'data-end' | 'trailer' = 'size'
  #line = ''
  #left = 0
  #trailerBytes = 0

  /**
   * Reads from a piece, telling what of it is body. Gives back where the body ended in the piece, or
   * -1 while it has not. Throws {@link BadAnswer}.
   */
  read(piece: Buffer, onData: (data: Buffer) => void): number {
    let at = 0
    while (at < piece.length) {
      if (this.#state === 'data') {
        const end = Math.min(piece.length, at + this.#left)
        this.#left -= end - at
        if (this.#left === 0) this.#state = 'data-end'
        onData(piece.subarray(at, end))
        at = end
        continue
      }
      const line = this.#lineIn(piece, at)
      if (line === null) return -1
      at = line.end
      if (this.#take(line.text)) return at
    }
    return -1
  }

  /** Gives back whether the body is complete with this line. */
  #take(line: string): boolean {
    if (this.#state === 'data-end') {
      if (line !== '') throw new BadAnswer('A chunk is longer than it says.')
      this.#state = 'size'
      return false
    }
    if (this.#state === 'trailer') return line === ''
    const size = sizeLine.exec(line)?.[1]
    if (size === undefined) throw new BadAnswer('The size of a chunk is not a number.')
    this.#left = Number.parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailer' : 'data'
    return false
  }

  #lineIn(piece: Buffer, at: number): { text: string; end: number } | null {
    const feed = piece.indexOf(0x0a, at)
    const end = feed < 0 ? piece.length : feed + 1
    this.#line += piece.toString('latin1', at, end)
    if (this.#state === 'trailer') this.#trailerBytes += end - at
    if (this.#line.length > lineBytesMax && this.#state !== 'trailer') {
      throw new BadAnswer('The extensions of a chunk are too long.')
    }
    if (this.#trailerBytes > trailerBytesMax) throw new BadAnswer('The trailers are too long.')
    if (feed < 0) return null
    const text = this.#line
    this.#line = ''
    if (!text.endsWith('\r\n')) throw new BadAnswer('A line of a chunked body ends without CR.')
    return { text: text.slice(0, -2), end }
  }
}
