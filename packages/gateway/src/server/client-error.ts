import type { Duplex } from 'node:stream'
import { type Refusal, rawRefusal } from '../http/answer.ts'
import { closeGently } from '../http/close-gently.ts'
import { malformedRequest } from './refusals.ts'

const answers: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'BANYAN_HEADERS_TOO_LARGE',
    message: 'The headers of the request are too large.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: 'BANYAN_BODY_TOO_LARGE',
    message: 'The chunk extensions of the body are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'BANYAN_REQUEST_TIMEOUT',
    message: 'The request did not arrive in time.',
  },
}

/**
 * Answers what Node could not make a request of. With an answer under way on the same connection
 * nothing can be said that the client would not take for a part of it, so it is cut.
 */
export function answerClientError(error: Error, socket: Duplex, busy: boolean): void {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code === 'ECONNRESET' || busy || !socket.writable) {
    socket.destroy()
    return
  }
  socket.write(rawRefusal(answers[code] ?? malformedRequest('')))
  closeGently(socket)
}
