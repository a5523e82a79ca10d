import type { IncomingMessage, Server } from 'node:http'
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import { BanyanError } from '@banyan/model'
import { createServer } from '../node-http.ts'
import type { FastifyLike, FetchHandler, KnownApp, NodeListener } from './app.ts'
import { logFailure } from './failure.ts'
import type { Limits } from './limits.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'
import { ServedResponse } from './served-response.ts'
import { isWebSocket } from './upgraded.ts'

/** An app as `serve` runs it, whatever its framework. */
export type Adapted = {
  readonly server: Server
  readonly listener: NodeListener
  readonly limits: Partial<Limits>
  /** Resolves when the app can take requests; rejects when it cannot be started. */
  ready(): Promise<void>
  /** Runs what the app wants to do when it ends. */
  close(): Promise<void>
}

/**
 * A server with our own kind of answer, for the apps that leave it as it is: Express (also below
 * Fastify) puts another prototype under every answer, and what we override would be gone.
 */
const newServer = (): Server => createServer({ ServerResponse: ServedResponse }) as Server

const nothing = async (): Promise<void> => {}

/** Makes one shape of the five kinds of app. */
export function adapt(known: KnownApp): Adapted {
  const adapted = adaptKind(known)
  declineHttp2(adapted.server)
  return adapted
}

/**
 * Some clients (Java's) offer HTTP/2 with their first request, whatever it is. Nobody here upgrades to
 * it, and taking it for an upgrade would lose the request's body.
 */
function declineHttp2(server: Server): void {
  const decider = server as { shouldUpgradeCallback?: (request: IncomingMessage) => boolean }
  const decide = decider.shouldUpgradeCallback
  if (decide === undefined) return
  decider.shouldUpgradeCallback = (request) =>
    request.headers.upgrade?.toLowerCase() !== 'h2c' && decide.call(server, request)
}

function adaptKind(known: KnownApp): Adapted {
  switch (known.kind) {
    case 'server':
      return adaptServer(known.app)
    case 'fastify':
      return adaptFastify(known.app)
    case 'fetch':
      return adaptListener(newServer(), fetchListener(known.app))
    case 'express':
    case 'listener':
      return adaptListener(createServer(), known.app)
  }
}

function adaptListener(server: Server, listener: NodeListener): Adapted {
  return { server, listener, limits: {}, ready: nothing, close: nothing }
}

/**
 * Fastify's own server never listens: requests go to its router, upgrades to the listeners that its
 * plugins put on that server. Closing the app runs its `preClose` and `onClose` hooks.
 */
function adaptFastify(app: FastifyLike): Adapted {
  const inner = app.server as Server
  if (inner.listening) throw alreadyListening('The Fastify instance')
  const server = 'express' in app ? createServer() : newServer()
  const isReady = forwardUpgrades(server, inner)
  const ready = async (): Promise<void> => {
    await app.ready()
    isReady()
  }
  const close = async (): Promise<void> => void (await app.close())
  const listener: NodeListener = (request, response) => app.routing(request, response)
  return { server, listener, limits: fastifyLimits(app), ready, close }
}

/**
 * Plugins say only while the app gets ready whether there are WebSockets. One that is asked for before
 * that waits; a Node that cannot decide request by request what to upgrade takes none so early.
 */
function forwardUpgrades(server: Server, inner: Server): () => void {
  const ready = Promise.withResolvers<void>()
  let isReady = false
  const hasUpgrades = (): boolean => inner.listenerCount('upgrade') > 0
  const forward = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    if (!isReady) await waitReady(socket, ready.promise)
    if (hasUpgrades()) inner.emit('upgrade', request, socket, head)
    else refuseUpgrade(socket)
  }
  const decides = 'shouldUpgradeCallback' in server
  if (decides) {
    const shouldUpgradeCallback = (request: IncomingMessage): boolean =>
      isReady ? hasUpgrades() : isWebSocket(request)
    Object.assign(server, { shouldUpgradeCallback }).on('upgrade', forward)
  }
  return () => {
    if (!decides && hasUpgrades()) server.on('upgrade', forward)
    isReady = true
    ready.resolve()
  }
}

/** Nobody else listens for what goes wrong meanwhile. */
async function waitReady(socket: Duplex, ready: Promise<void>): Promise<void> {
  const onError = (): void => void socket.destroy()
  socket.on('error', onError)
  await ready
  socket.off('error', onError)
}

function fastifyLimits(app: FastifyLike): Partial<Limits> {
  const config = (app as { initialConfig?: { bodyLimit?: unknown } }).initialConfig
  return typeof config?.bodyLimit === 'number' ? { bodyBytesMax: config.bodyLimit } : {}
}

/**
 * The user's own server listens, so that everything attached to it (WebSockets, `address()`) goes on
 * working; only its request listeners are called by us instead of by Node.
 */
function adaptServer(server: Server): Adapted {
  if (server.listening) throw alreadyListening('The http.Server')
  const own = server.listeners('request') as NodeListener[]
  server.removeAllListeners('request')
  const listener: NodeListener = (request, response) => {
    const results = own.map((one) => one.call(server, request, response))
    return results.length === 1 ? results[0] : Promise.all(results)
  }
  return { server, listener, limits: {}, ready: nothing, close: nothing }
}

function fetchListener(handler: FetchHandler): NodeListener {
  const call = handler as (...args: unknown[]) => unknown
  const checked = (...args: unknown[]): unknown => {
    const answer = call(...args)
    return isPromise(answer) ? answer.then(checkAnswer) : checkAnswer(answer)
  }
  const errorHandler = (error: unknown): Response => {
    const { status, body, headers } = logFailure(error)
    return new Response(body, {
      status,
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    })
  }
  return loadHono().getRequestListener(checked, { errorHandler }) as NodeListener
}

/** Only for the apps that take it: it brings the whole of `fetch` and of HTTP/2 with it. */
const loadHono = (): typeof import('@hono/node-server') =>
  createRequire(import.meta.url)('@hono/node-server')

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

function checkAnswer(answer: unknown): unknown {
  if (isResponse(answer)) return answer
  const found = answer === null ? 'null' : typeof answer
  throw new BanyanError(
    'BANYAN_HANDLER_FAILED',
    `The fetch handler answered with ${found} instead of a Response.`,
    { hint: 'Return a Response, or declare (request, response) to answer through Node.' },
  )
}

/** By shape, because several Responses live side by side: Node's, undici's, Hono's. */
export function isResponse(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { status, headers } = value as { status?: unknown; headers?: unknown }
  return typeof status === 'number' && typeof headers === 'object'
}

function alreadyListening(what: string): BanyanError {
  return new BanyanError('BANYAN_SERVE_LISTENING', `${what} listens already.`, {
    hint: 'Remove its listen(): serve listens where the environment says.',
  })
}
