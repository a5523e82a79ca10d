import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RuntimeFile } from '@banyan/model'
import { busyTimeoutDefaultMs, holdDefault, type Shard } from '../data/shard.ts'
import { readSystemFile } from '../data/system-file.ts'
import { SystemRuntime } from '../data/system-runtime.ts'
import { onStop } from '../lifecycle.ts'
import { log } from '../log.ts'
import { answerJson, errorBody } from '../serve/answer.ts'
import { Bearer, isFor } from '../serve/bearer.ts'
import { act } from './act.ts'
import { readProofBody } from './body.ts'
import { judgeFailure } from './outcome.ts'
import { isolations, parseProofRequest } from './request.ts'

const path = '/-/prove'

/** The version of the protocol; a prover that speaks another one refuses to go on. */
const protocol = 1

/**
 * `/-/prove`: facts written and read through the same runtime that the app's `data` uses, for a
 * prover that has the token. To everybody else it is a path that does not exist.
 */
export class ProofEndpoint {
  readonly #path: string
  readonly #file: RuntimeFile
  readonly #bearer: Bearer
  #opened: SystemRuntime | null = null

  constructor(path: string, file: RuntimeFile, token: string) {
    this.#path = path
    this.#file = file
    this.#bearer = new Bearer(token)
  }

  /** Whether a request is for the proof, and from somebody who may ask. */
  takes(request: IncomingMessage): boolean {
    return isFor(request, path) && this.#bearer.isIn(request)
  }

  readonly answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'GET') {
      answerJson(response, 200, JSON.stringify({ protocol, isolation: isolations }))
    } else if (request.method === 'POST') await this.#post(request, response)
    else {
      const body = errorBody('METHOD_NOT_ALLOWED', 'Only GET and POST are answered here.')
      answerJson(response, 405, body, { allow: 'GET, POST' })
    }
  }

  async #post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that asks first whether to send its body would wait for ever.
    if (request.headers.expect !== undefined) response.writeContinue()
    try {
      const wanted = parseProofRequest(await readProofBody(request))
      answerJson(response, 200, JSON.stringify(await act(this.#shard, wanted)))
    } catch (error) {
      const { status, outcome, ...said } = judgeFailure(error)
      if (status >= 500) log().warn({ err: error, status, outcome }, 'a proof request failed')
      if (response.destroyed || response.headersSent) return
      answerJson(response, status, JSON.stringify({ error: said, outcome }))
    }
  }

  /** Its pools share the app's budget of connections, and are opened when the first prover comes. */
  get #shard(): Shard {
    if (this.#opened === null) {
      const runtime = new SystemRuntime(this.#path, this.#file, {
        hold: holdDefault,
        busyTimeoutMs: busyTimeoutDefaultMs,
      })
      this.#opened = runtime
      onStop(() => runtime.close())
    }
    return this.#opened.shard
  }
}

/** The endpoint, where control gave this process a token for it. */
export function offerProof(systemFile: string | undefined): ProofEndpoint | null {
  if (systemFile === undefined || systemFile === '') return null
  const file = readSystemFile(systemFile)
  const { proveToken } = file
  return proveToken === undefined || proveToken === ''
    ? null
    : new ProofEndpoint(systemFile, file, proveToken)
}
