import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long the other side has to read what was said last. */
const lingerMs = 1_000

/**
 * Closing while data still arrives makes the kernel send a reset, which can overtake the answer.
 * So the close is half a close first, and what still comes is read and thrown away.
 */
export function closeGently(socket: Duplex): void {
  socket.end()
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}

/** Has Node close a client's connection so, once the answer under way is out. */
export function willCloseGently(socket: Socket): void {
  socket.destroySoon = () => closeGently(socket)
}
