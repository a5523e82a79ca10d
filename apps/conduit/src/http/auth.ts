import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RecordEvent } from '../record-event.ts'
import type { Tokens } from '../tokens.ts'
import { badToken, missingToken } from './problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The id of the logged-in user, or null. */
    viewer: string | null
  }
}

/** What a route asks of its caller, as Fastify's route options. */
export type Auth = {
  readonly required: { onRequest: (request: FastifyRequest) => Promise<void> }
  readonly optional: { onRequest: (request: FastifyRequest) => Promise<void> }
}

/**
 * Who is asking is settled before the body is read. A route without these options knows nobody. A
 * token that does not hold is refused also where none is needed: its sender believes to be logged in.
 */
export function createAuth(
  app: FastifyInstance,
  tokens: () => Promise<Tokens>,
  record: RecordEvent,
): Auth {
  app.decorateRequest('viewer', null)
  const identify = async (request: FastifyRequest) => {
    const token = tokenOf(request.headers.authorization)
    if (token === null) return
    request.viewer = (await tokens()).verify(token)
    if (request.viewer === null) throw badToken()
    record('user.active', { subject: request.viewer })
  }
  const demand = async (request: FastifyRequest) => {
    await identify(request)
    if (request.viewer === null) throw missingToken()
  }
  return { required: { onRequest: demand }, optional: { onRequest: identify } }
}

/** The id of the user of a route with `auth.required`. */
export function viewerOf(request: FastifyRequest): string {
  if (request.viewer === null) throw missingToken()
  return request.viewer
}

const scheme = /^(?:token|bearer) +(\S.*)$/i

function tokenOf(header: string | undefined): string | null {
  if (header === undefined || header.trim() === '') return null
  const token = scheme.exec(header)?.[1]
  if (token === undefined) throw missingToken()
  return token.trim()
}
