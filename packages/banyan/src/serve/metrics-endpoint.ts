import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { metricsContentType } from '@banyan/model'
import type { ProcessTelemetry } from '../telemetry/process-telemetry.ts'
import { answerJson, errorBody } from './answer.ts'
import { Bearer, isFor } from './bearer.ts'
import type { EntryCounts } from './tally.ts'

const path = '/-/metrics'

/** What a server has counted as the entry of its system; null: it is behind one. */
export type Counted = { readonly entry: EntryCounts | null }

/**
 * `/-/metrics`: what this process has measured, in Prometheus' text format, for whoever has the token. To
 * everybody else it is a path that does not exist, and to everybody who comes through the public socket.
 */
export class MetricsEndpoint {
  readonly #telemetry: ProcessTelemetry
  readonly #bearer: Bearer
  readonly #isPrivate: (socket: Duplex) => boolean

  constructor(telemetry: ProcessTelemetry, isPrivate: (socket: Duplex) => boolean) {
    this.#telemetry = telemetry
    this.#bearer = new Bearer(telemetry.metricsToken)
    this.#isPrivate = isPrivate
  }

  takes(request: IncomingMessage): boolean {
    return isFor(request, path) && this.#isPrivate(request.socket) && this.#bearer.isIn(request)
  }

  answer(request: IncomingMessage, response: ServerResponse, { entry }: Counted): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const body = errorBody('METHOD_NOT_ALLOWED', 'Only GET and HEAD are answered here.')
      answerJson(response, 405, body, { allow: 'GET, HEAD' })
      return
    }
    const body = this.#telemetry.text(entry)
    response.writeHead(200, {
      'content-type': metricsContentType,
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
    })
    response.end(body)
  }
}
