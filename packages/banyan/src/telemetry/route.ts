import type { IncomingMessage } from 'node:http'
import { requestContext } from '../log.ts'
import { isReserved } from '../serve/probes.ts'
import { expressRoute } from './express-route.ts'

/**
 * The template of the route that answered a request, where its framework leaves it on the request, as
 * Express does; "" where it is not known. Fastify and Hono say it while they route, by `noteRoute`.
 */
export function routeOf(request: IncomingMessage): string {
  const { url = '' } = request
  // Of those below /-/ only the prover's come here.
  return isReserved(url) ? '/-/prove' : expressRoute(request)
}

/** Says which route the request that is being routed now has. Never a path: `/notes/:id`, not `/notes/7`. */
export function noteRoute(template: string): void {
  const seen = requestContext.getStore()?.seen
  if (seen !== null && seen !== undefined) seen.route = template
}

/** Whether it is still to be said for the request that runs now. */
export const hasNoRoute = (): boolean => requestContext.getStore()?.seen?.route === ''
