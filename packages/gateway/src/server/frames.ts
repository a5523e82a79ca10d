import { randomBytes } from 'node:crypto'

const closeOpcode = 0x8
const goingAway = 1001

/**
 * Follows the frames of a WebSocket (RFC 6455 §5.2) as their bytes pass by in any pieces, to know
 * between which bytes a frame of our own may be put. Payloads are passed over, never looked at.
 */
export class FrameFollower {
  /** Bytes of the head that are there, while it is incomplete. */
  readonly #head: number[] = []
  #payloadLeft = 0
  #isClose = false
  /** Whether the last byte ended a frame. */
  atBoundary = true
  /** Whether a close frame went by: what comes after it is no frame. */
  closed = false

  /**
   * Follows a piece. Gives back where in it the first frame ends, or -1: up to there the piece belongs
   * to what came before.
   */
  follow(piece: Buffer): number {
    let boundary = -1
    let at = 0
    while (at < piece.length && !this.closed) {
      at = this.#payloadLeft > 0 ? this.#skip(piece, at) : this.#readHead(piece, at)
      if (this.atBoundary && boundary < 0) boundary = at
    }
    return boundary
  }

  #skip(piece: Buffer, at: number): number {
    const step = Math.min(this.#payloadLeft, piece.length - at)
    this.#payloadLeft -= step
    if (this.#payloadLeft === 0) this.#end()
    return at + step
  }

  #readHead(piece: Buffer, at: number): number {
    this.atBoundary = false
    this.#head.push(piece[at] as number)
    if (this.#head.length < headBytes(this.#head)) return at + 1
    this.#payloadLeft = payloadBytes(this.#head)
    this.#isClose = ((this.#head[0] as number) & 0x0f) === closeOpcode
    this.#head.length = 0
    if (this.#payloadLeft === 0) this.#end()
    return at + 1
  }

  #end(): void {
    this.atBoundary = true
    if (this.#isClose) this.closed = true
  }
}

function headBytes([, second]: readonly number[]): number {
  if (second === undefined) return 2
  const length = second & 0x7f
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0)
}

function payloadBytes(head: readonly number[]): number {
  const length = (head[1] as number) & 0x7f
  if (length < 126) return length
  const bytes = head.slice(2, length === 126 ? 4 : 10)
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}

/** The close frame of a server that goes away; what goes to a server has to be masked. */
export function goingAwayFrame(masked: boolean): Buffer {
  const payload = Buffer.from([goingAway >> 8, goingAway & 0xff])
  const first = 0x80 | closeOpcode
  if (!masked) return Buffer.from([first, payload.length, ...payload])
  const mask = randomBytes(4)
  const hidden = payload.map((byte, at) => byte ^ (mask[at % 4] as number))
  return Buffer.from([first, 0x80 | payload.length, ...mask, ...hidden])
}
