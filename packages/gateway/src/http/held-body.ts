import type { IncomingMessage } from 'node:http'

/** Whoever takes a body as it comes. */
export type BodyTaker = {
  /** False: wait for `resume`. */
  onPiece(piece: Buffer): boolean
  onBodyEnd(): void
}

const piecesMax = 64

/**
 * The body of a client's request. Its beginning is kept up to a limit, so that a second server can be
 * given what a first one got.
 */
export class HeldBody {
  readonly #request: IncomingMessage
  readonly #limits: { readonly heldBytesMax: number; readonly bodyBytesMax: number }
  readonly #onTooLarge: () => void
  #kept: Buffer[] | null = []
  #bytes = 0
  #ended = false
  #listens = false
  #taker: BodyTaker | null = null

  constructor(
    request: IncomingMessage,
    limits: { readonly heldBytesMax: number; readonly bodyBytesMax: number },
    onTooLarge: () => void,
  ) {
    this.#request = request
    this.#limits = limits
    this.#onTooLarge = onTooLarge
  }

  /** Whether it could be sent once more from its beginning. */
  get replayable(): boolean {
    return this.#kept !== null
  }

  get ended(): boolean {
    return this.#ended
  }

  /** The whole of a complete body. */
  whole(): Buffer {
    const [first] = this.#kept ?? []
    if (this.#kept?.length === 1 && first !== undefined) return first
    return Buffer.concat(this.#kept ?? [])
  }

  /** Gives the taker what is kept, and then what comes. */
  give(taker: BodyTaker): void {
    this.#taker = taker
    this.#listen()
    let goOn = true
    for (const piece of this.#kept ?? []) goOn = taker.onPiece(piece) && goOn
    if (this.#ended) taker.onBodyEnd()
    else if (!goOn) this.#request.pause()
    else this.#request.resume()
  }

  /** Nobody takes it now; it waits where it is. */
  hold(): void {
    this.#taker = null
    if (!this.#ended) this.#request.pause()
  }

  /** Nobody will take it any more: the rest is read and thrown away. */
  abandon(): void {
    this.#taker = null
    this.#kept = null
    this.#request.resume()
  }

  resume(): void {
    this.#request.resume()
  }

  /** Only now, because listening makes the body flow. */
  #listen(): void {
    if (this.#listens) return
    this.#listens = true
    this.#request.on('data', (piece: Buffer) => this.#add(piece))
    this.#request.on('end', () => {
      this.#ended = true
      this.#taker?.onBodyEnd()
    })
  }

  /** Together now and then: a thousand pieces of a byte take far more memory than a thousand bytes. */
  #keep(kept: Buffer[], piece: Buffer): void {
    kept.push(piece)
    if (kept.length >= piecesMax) this.#kept = [Buffer.concat(kept)]
  }

  #add(piece: Buffer): void {
    this.#bytes += piece.length
    if (this.#bytes > this.#limits.bodyBytesMax) {
      this.#onTooLarge()
      return
    }
    if (this.#kept !== null) {
      if (this.#bytes > this.#limits.heldBytesMax) this.#kept = null
      else this.#keep(this.#kept, piece)
    }
    if (this.#taker !== null && !this.#taker.onPiece(piece)) this.#request.pause()
  }
}
