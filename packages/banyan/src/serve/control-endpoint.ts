import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ServeStatus } from '@banyan/model'
import { readSystemFile } from '../data/system-file.ts'
import { answerJson, errorBody } from './answer.ts'
import { Bearer, isFor } from './bearer.ts'

const path = '/-/control'

/**
 * `/-/control`: what this process has answered, for control, which has the token; and where control has it
 * give up connections to another process at the same socket. To everybody else it is a path that does not
 * exist, and to everybody who comes through the public socket.
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

  answer(request: IncomingMessage, response: ServerResponse, served: Served): void {
    if (request.method === 'PUT') return void take(request, response, served)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const body = errorBody('METHOD_NOT_ALLOWED', 'Only GET, HEAD and PUT are answered here.')
      answerJson(response, 405, body, { allow: 'GET, HEAD, PUT' })
      return
    }
    const { requests, inFlight, webSockets, answers } = served
    answerJson(response, 200, JSON.stringify({ requests, inFlight, webSockets, answers }))
  }
}

/** What can be asked and told here. */
export type Served = ServeStatus & {
  /** Gives up a part of the connections, each with its next answer. Gives back how many. */
  letGo(share: number): number
}

/** Longer is nothing that control says. */
const bytesMax = 1_024

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  served: Served,
): Promise<void> {
  let text = ''
  try {
    for await (const piece of request) if (text.length <= bytesMax) text += piece
  } catch {
    return
  }
  const share = shareIn(text)
  if (share !== null) {
    answerJson(response, 200, JSON.stringify({ letGo: served.letGo(share) }))
    return
  }
  const body = errorBody('REQUEST_INVALID', 'The body is not { "letGo": a number from 0 to 1 }.')
  answerJson(response, 400, body)
}

function shareIn(text: string): number | null {
  try {
    const { letGo } = JSON.parse(text) as { letGo?: unknown }
    return typeof letGo === 'number' && letGo >= 0 && letGo <= 1 ? letGo : null
  } catch {
    return null
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
