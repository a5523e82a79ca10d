import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { BanyanError } from '@banyan/model'
import { answerJson, errorBody } from './answer.ts'

/** How long we go on reading what nobody wants, so that the client gets to read why. */
const lingerMs = 1_000

/**
 * Refuses a body that announces itself as too large before a byte of it is read. A body of unknown
 * length is counted as it arrives. True when the request has been answered.
 */
export function enforceBodyLimit(
  request: IncomingMessage,
  response: ServerResponse,
  bytesMax: number,
): boolean {
  const announced = request.headers['content-length']
  if (announced !== undefined) {
    if (Number(announced) <= bytesMax) return false
    answerTooLarge(request.socket, response, bytesMax)
    return true
  }
  if (request.headers['transfer-encoding'] !== undefined) countBody(request, response, bytesMax)
  return false
}

/** Node's parser hands every piece of a body to `push`, so that is where one can count. */
function countBody(request: IncomingMessage, response: ServerResponse, bytesMax: number): void {
  const push = request.push
  let bytes = 0
  request.push = (piece: Buffer | null, encoding?: BufferEncoding): boolean => {
    bytes += piece?.length ?? 0
    if (bytes <= bytesMax) return push.call(request, piece, encoding)
    // From here on pieces are dropped, but still taken, or the client could never finish sending.
    request.push = () => true
    interrupt(request, response, bytesMax)
    return true
  }
}

/**
 * The app is in the middle of reading. It gets an error from the request, as it does when a client
 * goes away; whatever it then wants to answer is dropped, because the client has its answer.
 */
function interrupt(request: IncomingMessage, response: ServerResponse, bytesMax: number): void {
  if (response.headersSent) {
    request.socket.destroy()
    return
  }
  answerTooLarge(request.socket, response, bytesMax)
  mute(response)
  // Node's own way to destroy a request cuts its connection, and the answer with it.
  request._destroy = (error, done) => done(request.listenerCount('error') > 0 ? error : null)
  request.destroy(tooLarge(bytesMax))
}

function tooLarge(bytesMax: number): BanyanError & { statusCode: number } {
  const error = new BanyanError('BANYAN_BODY_TOO_LARGE', message(bytesMax), {
    hint: 'Raise limits.bodyBytesMax of serve if such bodies are meant to be taken.',
    details: { bytesMax },
  })
  return Object.assign(error, { statusCode: 413 })
}

const message = (bytesMax: number): string => `The body is larger than ${bytesMax} bytes.`

function answerTooLarge(socket: Socket, response: ServerResponse, bytesMax: number): void {
  socket.destroySoon = () => closeGently(socket)
  const body = errorBody('BANYAN_BODY_TOO_LARGE', message(bytesMax))
  answerJson(response, 413, body, { connection: 'close' })
}

/**
 * Closing while data still arrives makes the kernel send a reset, which can overtake the answer.
 * So the close is half a close first.
 */
export function closeGently(socket: Duplex): void {
  socket.end()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}

function mute(response: ServerResponse): void {
  const same = (): ServerResponse => response
  Object.assign(response, {
    writeHead: same,
    setHeader: same,
    setHeaders: same,
    appendHeader: same,
    removeHeader: () => {},
    flushHeaders: () => {},
    write: () => true,
    end: same,
  })
}
