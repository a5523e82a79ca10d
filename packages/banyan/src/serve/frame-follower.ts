const opcodeClose = 0x8

/** The first two bytes, a length of at most eight, and a mask of four. */
const headerBytesMax = 14

/**
 * Follows the frames of a WebSocket as their bytes go by (RFC 6455, section 5.2), to know where one
 * ends: only there can a frame of our own be put. Payloads are skipped, not read.
 */
export class FrameFollower {
  readonly #header = Buffer.alloc(headerBytesMax)
  #headerBytes = 0
  #payloadBytes = 0
  #isClose = false
  #closed = false

  /** The last byte that went by was the last of a frame. */
  get atBoundary(): boolean {
    return this.#headerBytes === 0 && this.#payloadBytes === 0
  }

  /** A whole close frame has gone by, after which there must be nothing more. */
  get closed(): boolean {
    return this.#closed
  }

  /** Follows all of the bytes. */
  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += this.takeFrame(bytes, at)
  }

  /** Follows the bytes to the end of the frame that they begin or go on with. Says how many that were. */
  takeFrame(bytes: Uint8Array, from: number): number {
    let at = from
    while (at < bytes.length && this.#payloadBytes === 0) {
      this.#header[this.#headerBytes] = bytes[at] as number
      this.#headerBytes += 1
      at += 1
      if (this.#headerBytes === this.#headerLength()) {
        this.#endHeader()
        if (this.#payloadBytes === 0) return at - from
      }
    }
    const taken = Math.min(this.#payloadBytes, bytes.length - at)
    this.#payloadBytes -= taken
    if (taken > 0 && this.#payloadBytes === 0) this.#endFrame()
    return at + taken - from
  }

  #headerLength(): number {
    if (this.#headerBytes < 2) return 2
    const second = this.#header[1] as number
    const length = second & 0x7f
    const lengthBytes = length === 127 ? 8 : length === 126 ? 2 : 0
    return 2 + lengthBytes + (second & 0x80 ? 4 : 0)
  }

  #endHeader(): void {
    const length = (this.#header[1] as number) & 0x7f
    this.#isClose = ((this.#header[0] as number) & 0x0f) === opcodeClose
    if (length === 127) this.#payloadBytes = Number(this.#header.readBigUInt64BE(2))
    else this.#payloadBytes = length === 126 ? this.#header.readUInt16BE(2) : length
    this.#headerBytes = 0
    if (this.#payloadBytes === 0) this.#endFrame()
  }

  #endFrame(): void {
    if (this.#isClose) this.#closed = true
  }
}

/** A close frame as a server sends it, unmasked and without a reason. */
export function closeFrame(code: number): Buffer {
  const frame = Buffer.from([0x80 | opcodeClose, 2, 0, 0])
  frame.writeUInt16BE(code, 2)
  return frame
}
