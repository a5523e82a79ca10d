import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ServeStatus } from '@banyan/model'
import { readSystemFile } from '../data/system-file.ts'
import { answerJson, errorBody } from './answer.ts'
import { Bearer, isFor } from './bearer.ts'

const path = '/-/control'

/**
 * `/-/control`: what this process has answered, for control, which has the token. To everybody else it
 * is a path that does not exist, and to everybody who comes through the public socket.
 */
export class ControlEndpoint {
  readonly #bearer: Bearer
  readonly #isPrivate: (socket: Duplex) => boolean

  constructor(token: string, isPrivate: (socket: Duplex) => boolean) {
    this.#bearer = new Bearer(token)
    this.#isPrivate = isPrivate
  }

  takes(request: IncomingMessage): boolean {
    return isFor(request, path) && this.#isPrivate(request.socket) && this.#bearer.isIn(request)
  }

  answer(request: IncomingMessage, response: ServerResponse, counts: ServeStatus): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const body = errorBody('METHOD_NOT_ALLOWED', 'Only GET and HEAD are answered here.')
      answerJson(response, 405, body, { allow: 'GET, HEAD' })
      return
    }
    const { requests, inFlight, webSockets, answers } = counts
    answerJson(response, 200, JSON.stringify({ requests, inFlight, webSockets, answers }))
  }
}

/** The endpoint, where control gave this process a token for it. */
export function offerControl(
  systemFile: string | undefined,
  isPrivate: (socket: Duplex) => boolean,
): ControlEndpoint | null {
  if (systemFile === undefined || systemFile === '') return null
  const { controlToken } = readSystemFile(systemFile)
  if (controlToken === undefined || controlToken === '') return null
  return new ControlEndpoint(controlToken, isPrivate)
}
