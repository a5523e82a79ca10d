import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { KnownApp } from '../serve/app.ts'
import { hasNoRoute, noteRoute } from './route.ts'

/**
 * Has an app say which route each request gets, while it routes: Fastify and Hono leave nothing of it on the
 * request. Express does. Gives back a function that takes back what is not the app's own.
 */
export function watchRoutes(known: KnownApp): () => void {
  if (known.kind === 'fastify') return watchFastify(known.app as unknown as Fastify)
  if (known.kind === 'fetch') watchHono((known.owner ?? {}) as Hono)
  return nothing
}

const nothing = (): void => {}

type FastifyRequest = { readonly routeOptions?: { readonly url?: string | undefined } }
type Fastify = {
  addHook?(
    name: 'onRequest',
    hook: (request: FastifyRequest, reply: unknown, done: Done) => void,
  ): void
  addHook?(
    name: 'onSend',
    hook: (request: FastifyRequest, reply: unknown, payload: unknown, done: Done) => void,
  ): void
}
type Done = () => void

/** Fastify's own account of a request that has come to its handler. */
const fastifyChannel = 'tracing:fastify.request.handler:start'

/**
 * Hooks reach every route, and come after the app's own: one that refuses a request ends it before the first
 * of ours, and its answer goes by the second. An app that is ready takes no hooks; then Fastify tells of the
 * requests that come to their handler.
 */
function watchFastify(app: Fastify): () => void {
  const note = ({ routeOptions }: FastifyRequest): void => noteRoute(routeOptions?.url ?? '')
  try {
    app.addHook?.('onRequest', (request, _reply, done) => {
      note(request)
      done()
    })
    app.addHook?.('onSend', (request, _reply, _payload, done) => {
      if (hasNoRoute()) note(request)
      done()
    })
    return nothing
  } catch {
    const tell = (message: unknown): void => note((message as { request: FastifyRequest }).request)
    subscribe(fastifyChannel, tell)
    return () => void unsubscribe(fastifyChannel, tell)
  }
}

type HonoRoute = { readonly path?: unknown; readonly method?: unknown; readonly handler?: unknown }
type HonoMatch = readonly [
  readonly (readonly [readonly [unknown, HonoRoute], ...unknown[]])[],
  ...unknown[],
]
type HonoRouter = { match(method: string, path: string): HonoMatch }
type Hono = { router?: HonoRouter; routes?: unknown }

/** The router is asked once per request: its answer is looked at on the way. */
function watchHono(app: Hono): void {
  const { router, routes } = app
  if (typeof router?.match !== 'function' || !Array.isArray(routes)) return
  const matched: ProxyHandler<HonoRouter> = {
    get: (target, name) =>
      name === 'match' ? match : bound(target, Reflect.get(target, name, target)),
  }
  const match = (method: string, path: string): HonoMatch => {
    const found = router.match(method, path)
    noteRoute(templateOf(found))
    return found
  }
  app.router = new Proxy(router, matched)
}

/** Routers keep their routes in private fields, which only they themselves may ask for. */
const bound = (target: object, value: unknown): unknown =>
  typeof value === 'function' ? value.bind(target) : value

/** Of all that match the first that answers: middleware is of every method, and takes what comes next. */
function templateOf([matches]: HonoMatch): string {
  for (const [[, route]] of matches) {
    const { method, handler, path } = route
    const answers = method !== 'ALL' || (typeof handler === 'function' && handler.length < 2)
    if (answers && typeof path === 'string') return path
  }
  return ''
}
