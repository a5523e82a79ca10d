import type { Socket } from 'node:net'
import { FrameFollower, goingAwayFrame } from './frames.ts'

/** How long both sides have to answer a close frame, or to end the frame that they are in. */
const goodbyeMs = 1_000

/** How long one side of a WebSocket may stay when the other one has ended: it has nobody to talk to. */
const halfClosedMs = 10_000

/** After how long without a byte the system asks whether the other side is still there. */
const aliveMs = 60_000

/**
 * An upgraded connection: bytes go both ways as they are. Of a WebSocket the frames are followed, so
 * that it can be ended between two of them.
 */
export class WebSocketTunnel {
  readonly #down: Direction
  readonly #up: Direction
  readonly #client: Socket
  readonly #server: Socket
  readonly #onClose: () => void
  #over = false

  constructor(
    client: Socket,
    server: Socket,
    isWebSocket: boolean,
    onClose: () => void,
    loneMs = halfClosedMs,
  ) {
    this.#client = client
    this.#server = server
    this.#onClose = onClose
    this.#down = new Direction(server, client, isWebSocket ? goingAwayFrame(false) : null)
    this.#up = new Direction(client, server, isWebSocket ? goingAwayFrame(true) : null)
    const saidGoodbye = (): void => this.#checkGoodbye()
    this.#down.onFollowed = saidGoodbye
    this.#up.onFollowed = saidGoodbye
    for (const socket of [client, server]) {
      socket.on('close', () => this.#end())
      socket.on('error', () => this.#end())
      socket.setKeepAlive(true, aliveMs)
      if (isWebSocket) socket.on('end', () => setTimeout(() => this.#end(), loneMs).unref())
    }
  }

  /** What came behind the heads of the handshake already. */
  begin(fromClient: Buffer, fromServer: Buffer): void {
    if (fromServer.length > 0) this.#down.pass(fromServer)
    if (fromClient.length > 0) this.#up.pass(fromClient)
    this.#down.begin()
    this.#up.begin()
  }

  /** Says 1001 to both sides as soon as a frame is complete, and ends when they have answered. */
  goAway(): void {
    this.#down.sayGoodbye()
    this.#up.sayGoodbye()
    setTimeout(() => this.cut(), goodbyeMs).unref()
  }

  cut(): void {
    this.#end()
  }

  /** A close frame from the client answers ours to it, and the server's answers ours to that. */
  #checkGoodbye(): void {
    if (this.#down.saidGoodbye && this.#up.heardClose) this.#client.end()
    if (this.#up.saidGoodbye && this.#down.heardClose) this.#server.end()
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    // What was written last may still be on its way; `destroySoon` waits for it.
    this.#client.destroySoon()
    this.#server.destroySoon()
    setTimeout(() => {
      this.#client.destroy()
      this.#server.destroy()
    }, goodbyeMs).unref()
    this.#onClose()
  }
}

/** One of the two ways. */
class Direction {
  onFollowed: () => void = () => {}
  saidGoodbye = false
  readonly #from: Socket
  readonly #to: Socket
  readonly #goodbye: Buffer | null
  readonly #frames: FrameFollower | null
  #leaves = false

  constructor(from: Socket, to: Socket, goodbye: Buffer | null) {
    this.#from = from
    this.#to = to
    this.#goodbye = goodbye
    this.#frames = goodbye === null ? null : new FrameFollower()
  }

  /** Whether a close frame came this way. */
  get heardClose(): boolean {
    return this.#frames?.closed === true
  }

  begin(): void {
    this.#from.on('data', (piece: Buffer) => this.pass(piece))
    this.#from.on('end', () => this.#to.end())
    this.#to.on('drain', () => this.#from.resume())
    this.#from.resume()
  }

  pass(piece: Buffer): void {
    const boundary = this.#frames?.follow(piece) ?? -1
    if (!this.saidGoodbye) this.#passBefore(piece, boundary)
    this.onFollowed()
  }

  #passBefore(piece: Buffer, boundary: number): void {
    const ends = this.#leaves && boundary >= 0
    if (!this.#to.write(ends ? piece.subarray(0, boundary) : piece)) this.#from.pause()
    if (ends) this.#sayNow()
  }

  sayGoodbye(): void {
    this.#leaves = true
    if (this.#frames?.atBoundary === true) this.#sayNow()
  }

  #sayNow(): void {
    if (this.saidGoodbye) return
    this.saidGoodbye = true
    // Behind a close frame nothing more may be said, not even another one.
    if (this.#goodbye !== null && !this.heardClose && this.#to.writable)
      this.#to.write(this.#goodbye)
    // What comes from now on is only looked through for the close frame that answers.
    this.#from.resume()
  }
}
