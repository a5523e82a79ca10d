import type { IncomingMessage, ServerResponse } from 'node:http'
import { BanyanError } from '@banyan/model'
import { Server } from '../node-http.ts'

/** A listener as Node's `http.createServer` takes it. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown

/** A handler as Hono, and everything else that follows the fetch standard, has it. */
export type FetchHandler = (request: Request) => Response | Promise<Response>

/** What `serve` needs of a Fastify 5 instance, so that it needs no dependency on Fastify. */
export type FastifyLike = {
  routing(request: IncomingMessage, response: ServerResponse): void
  ready(): PromiseLike<unknown>
  close(): PromiseLike<unknown>
  readonly server: unknown
}

/** What `serve` needs of an Express 4 or 5 app. */
export type ExpressLike = { handle: unknown; use: unknown }

/** A listener that declares more than Node gives it, such as Connect's `next`. */
type AnyListener = (request: IncomingMessage, response: ServerResponse, ...rest: never[]) => unknown

/**
 * Everything that `serve` takes. There is one type of two parameters in it, so that TypeScript knows
 * those of `serve((request, response) => …)`; the one parameter of a fetch handler is to be annotated.
 */
export type App =
  | FastifyLike
  | ExpressLike
  | FetchHandler
  | { fetch: unknown }
  | AnyListener
  | Server

/** An app whose kind is known. */
export type KnownApp =
  | { readonly kind: 'server'; readonly app: Server }
  | { readonly kind: 'fastify'; readonly app: FastifyLike }
  | { readonly kind: 'express'; readonly app: NodeListener }
  | {
      readonly kind: 'fetch'
      readonly app: FetchHandler
      /** What has the function: a Hono app, perhaps. */
      readonly owner?: unknown
    }
  | { readonly kind: 'listener'; readonly app: NodeListener }

/**
 * Tells what kind of app a value is. The first rule that fits decides:
 *
 * 1. an `http.Server` is a server;
 * 2. something with `routing`, `ready`, `close` and `server` is Fastify;
 * 3. a function with `handle` and `use` is Express (or Connect);
 * 4. something with a function `fetch` is a fetch handler, also when it is a function itself;
 * 5. a function that declares one parameter is a fetch handler;
 * 6. a function that declares two or more is a `(request, response)` listener.
 *
 * A function that declares none (also `(...args)`) could be either and is refused.
 */
export function classifyApp(value: unknown): KnownApp {
  if (value instanceof Server) return { kind: 'server', app: value }
  if (isFastify(value)) return { kind: 'fastify', app: value }
  if (typeof value === 'function' && has(value, 'handle') && has(value, 'use')) {
    return { kind: 'express', app: value as unknown as NodeListener }
  }
  if (has(value, 'fetch')) {
    const owner = value
    return { kind: 'fetch', app: (...args) => owner.fetch(...args) as Response, owner }
  }
  if (typeof value === 'function' && value.length === 1) {
    return { kind: 'fetch', app: value as FetchHandler }
  }
  if (typeof value === 'function' && value.length > 1) {
    return { kind: 'listener', app: value as unknown as NodeListener }
  }
  throw unknownApp(value)
}

function isFastify(value: unknown): value is FastifyLike {
  return has(value, 'routing') && has(value, 'ready') && has(value, 'close') && 'server' in value
}

type WithFunction<Name extends string> = Record<Name, (...args: unknown[]) => unknown>

function has<Name extends string>(value: unknown, name: Name): value is WithFunction<Name> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return typeof (value as Record<string, unknown>)[name] === 'function'
}

const accepted =
  'a Fastify instance, an Express app, a Hono app or { fetch }, a function of one Request, a (request, response) function, or an http.Server'

function unknownApp(value: unknown): BanyanError {
  const { found, hint } = describe(value)
  return new BanyanError(
    'BANYAN_SERVE_UNKNOWN_APP',
    `serve(app) was given ${found}; it takes ${accepted}.`,
    { hint, details: { found } },
  )
}

function describe(value: unknown): { found: string; hint: string } {
  const plain = 'Pass the app itself, not its options, its port or the result of its listen().'
  if (typeof value === 'function') {
    const name = value.name === '' ? 'a function' : `the function ${value.name}`
    return {
      found: `${name} that declares no parameters, which may be a fetch handler or a listener`,
      hint: 'Declare its parameters, (request) or (request, response), or pass { fetch: handler }.',
    }
  }
  if (has(value, 'then')) return { found: 'a promise', hint: 'Write serve(await app).' }
  if (has(value, 'callback') && 'middleware' in value) {
    return { found: 'a Koa app', hint: 'Pass its listener: serve(app.callback()).' }
  }
  if (has(value, 'getHttpAdapter')) {
    return {
      found: 'a Nest application',
      hint: 'await app.init(), then serve(app.getHttpAdapter().getInstance()).',
    }
  }
  if (has(value, 'setSecureContext')) {
    return { found: 'a TLS server', hint: 'TLS ends at the entry: pass an http.Server or the app.' }
  }
  if (typeof value !== 'object' || value === null) return { found: String(value), hint: plain }
  const keys = Object.keys(value).slice(0, 5).join(', ')
  const name = value.constructor?.name ?? 'Object'
  return { found: keys === '' ? `an empty ${name}` : `a ${name} with ${keys}`, hint: plain }
}
