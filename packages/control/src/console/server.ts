import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { BanyanError } from '@banyan/model'
import { createServer } from '../node-http.ts'
import { answerApi } from './api.ts'
import { checkHost, checkOrigin, refused, signedOut } from './guard.ts'
import { noStore, safetyHeaders } from './headers.ts'
import { LiveFeed } from './live-feed.ts'
import { notBuiltPage, signInPage } from './pages.ts'
import type { ConsoleParts } from './parts.ts'
import { sendAsset, sendError, sendPage } from './send.ts'
import { type Session, Sessions } from './sessions.ts'
import { OneTimeTokens, sameSecret } from './tokens.ts'

const connectionsMax = 256
const headerMs = 5_000
const requestMs = 15_000
const idleMs = 30_000

/** What answers the requests of one console. */
export type ConsoleDesk = {
  readonly parts: ConsoleParts
  readonly feed: LiveFeed
  readonly sessions: Sessions
  readonly tokens: OneTimeTokens
  readonly port: number
}

export type ConsoleServer = {
  readonly url: string
  readonly port: number
  /** An address that opens the console once. */
  freshUrl(): string
  close(): void
}

/** Serves the console on a server that `listen` has listen on 127.0.0.1; `listen` gives the port. */
export async function serveConsole(
  parts: ConsoleParts,
  listen: (server: Server) => Promise<number>,
): Promise<ConsoleServer> {
  let desk: ConsoleDesk | null = null
  const server = createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: headerMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 5_000,
    },
    (request, response) => {
      if (desk !== null) void answer(desk, request, response)
    },
  )
  server.maxConnections = connectionsMax
  server.setTimeout(idleMs)
  server.on('clientError', (_error, socket) => refuseBroken(socket as Socket))
  const port = await listen(server)
  // Nothing that goes wrong with one connection ends what keeps the system running.
  server.on('error', () => {})
  desk = deskOf(parts, port)
  const url = `http://127.0.0.1:${port}/`
  const { tokens, feed } = desk
  return {
    url,
    port,
    freshUrl: () => `${url}?token=${tokens.issue()}`,
    close: () => {
      feed.close()
      server.close()
      server.closeAllConnections()
    },
  }
}

function deskOf(parts: ConsoleParts, port: number): ConsoleDesk {
  const { system, control, secret, flow } = parts
  const { events } = control
  return {
    parts,
    port,
    feed: new LiveFeed({ system, events, status: () => control.status(), flow }),
    sessions: new Sessions({ secret, port, now: () => Date.now() }),
    tokens: new OneTimeTokens(() => performance.now()),
  }
}

function refuseBroken(socket: Socket): void {
  if (socket.writable) socket.write('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
  socket.destroy()
}

async function answer(
  desk: ConsoleDesk,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A page that goes away in the middle of an answer is nobody's fault.
  response.on('error', () => {})
  try {
    await lead(desk, request, response)
  } catch (error) {
    sendError(request, response, error)
  }
}

async function lead(
  desk: ConsoleDesk,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  checkHost(request, desk.port)
  const url = urlOf(request, desk.port)
  if (url.pathname === '/-/metrics') return await sendMetrics(desk, request, response)
  const session = desk.sessions.find(request.headers.cookie)
  const token = url.searchParams.get('token')
  if (url.pathname === '/' && token !== null && request.method === 'GET') {
    return await signIn(desk, { token, session }, response)
  }
  if (session === null) throw signedOut()
  if (url.pathname.startsWith('/api/')) {
    return await answerApi(desk, { request, response, url, session })
  }
  sendFile(desk, request, response, url.pathname)
}

/** What is asked for, as a path of this server, whatever else the line of the request says. */
function urlOf({ url = '/' }: IncomingMessage, port: number): URL {
  const path = url.startsWith('/') ? url : '/'
  return new URL(`http://127.0.0.1:${port}${path}`)
}

/** Exchanges the token for a cookie. Whoever is signed in already need not have a token that is good. */
async function signIn(
  { tokens, sessions, parts }: ConsoleDesk,
  { token, session }: { readonly token: string; readonly session: Session | null },
  response: ServerResponse,
): Promise<void> {
  const isGood = tokens.redeem(token)
  if (!isGood && session === null) return sendPage(response, 401, signInPage)
  const opened = isGood ? sessions.open() : null
  if (opened !== null) {
    const who = opened.session.id.slice(0, 8)
    await parts.audit.around({ who, action: 'sign-in', target: null }, async () => {})
  }
  response.writeHead(303, {
    ...safetyHeaders,
    ...noStore,
    location: '/',
    ...(opened !== null && { 'set-cookie': opened.cookie }),
  })
  response.end()
}

function sendFile(
  { parts }: ConsoleDesk,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw refused(`${request.method} is not for ${path}.`, undefined, 405)
  }
  checkOriginOfFile(request, path)
  const asset = parts.assets?.get(path)
  if (asset !== undefined) sendAsset(request, response, asset)
  else if (parts.assets === null && path === '/') sendPage(response, 503, notBuiltPage)
  else throw noSuchFile(path)
}

/** A link of another page may lead to the console; nothing of it is a part of another page. */
function checkOriginOfFile(request: IncomingMessage, path: string): void {
  if (path !== '/') checkOrigin(request)
}

async function sendMetrics(
  { parts }: ConsoleDesk,
  { headers, method }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [scheme = '', token = ''] = (headers.authorization ?? '').split(' ')
  if (scheme.toLowerCase() !== 'bearer' || !sameSecret(token, parts.metricsToken)) throw noToken()
  if (method !== 'GET') throw refused('Metrics are read, with GET.', undefined, 405)
  const text = await parts.metricsText()
  response.writeHead(200, {
    ...safetyHeaders,
    ...noStore,
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
  })
  response.end(text)
}

function noToken(): BanyanError {
  return new BanyanError('BANYAN_CONSOLE_SIGNED_OUT', 'Metrics are for whoever has their token.', {
    hint: 'Send "authorization: Bearer …" with metricsToken of secrets.json in the state directory.',
  })
}

function noSuchFile(path: string): BanyanError {
  return new BanyanError('BANYAN_REQUEST_UNKNOWN', `The console has no ${path}.`, {
    hint: 'Open its first page: /',
  })
}
