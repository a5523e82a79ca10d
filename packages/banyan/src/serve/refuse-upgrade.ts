import type { Duplex } from 'node:stream'
import { rawAnswer } from './answer.ts'
import { closeGently } from './body-limit.ts'

/** Tells a client that wanted a WebSocket to come again, to another process or to the next one here. */
export function refuseUpgrade(
  socket: Duplex,
  write: (text: string) => unknown = (text) => socket.write(text),
): void {
  socket.on('error', () => socket.destroy())
  const message = 'This process takes no WebSocket now; try again.'
  write(rawAnswer(503, 'BANYAN_NOT_READY', message))
  closeGently(socket)
}
