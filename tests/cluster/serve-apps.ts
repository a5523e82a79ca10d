// The same small app on every framework that `serve` takes: `node serve-apps.ts fastify`.
// Not a test: serve*.test.ts start it as a process of its own.
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type App, BanyanError, log, serve } from 'banyan'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'

/** The id that the log of the running request carries, or null outside of any. */
const loggedId = (): unknown => log().bindings().reqId ?? null

const busy = (): BanyanError =>
  Object.assign(
    new BanyanError('BANYAN_DATABASE_UNAVAILABLE', 'secret host name', {
      details: { retryAfterMs: 1_500 },
    }),
    { statusCode: 503 },
  )

const builders: Record<string, () => App> = {
  fastify: () => {
    const app = Fastify()
    app.get('/', async ({ headers }) => ({ id: headers['x-request-id'], loggedId: loggedId() }))
    app.post('/context', async () => ({ loggedId: loggedId() }))
    app.get<{ Querystring: { ms: string } }>('/slow', async ({ query }) => {
      await sleep(Number(query.ms))
      return { slow: true }
    })
    app.get('/throw', async () => {
      throw new Error('secret')
    })
    app.addHook('onClose', async () => log().info('close hook ran'))
    app.server.on('upgrade', upgrade)
    return app
  },
  express: () => {
    const app = express()
    app.get('/', (request, response) => {
      response.json({ id: request.headers['x-request-id'], loggedId: loggedId() })
    })
    app.post('/context', express.json(), (_request, response) => {
      response.json({ loggedId: loggedId() })
    })
    app.get('/slow', async (request, response) => {
      await sleep(Number(request.query.ms))
      response.json({ slow: true })
    })
    return app
  },
  hono: () => {
    const app = new Hono()
    app.get('/', (c) => c.json({ id: c.req.header('x-request-id'), loggedId: loggedId() }))
    app.post('/context', async (c) => {
      await c.req.text()
      return c.json({ loggedId: loggedId() })
    })
    app.get('/slow', async (c) => {
      await sleep(Number(c.req.query('ms')))
      return c.json({ slow: true })
    })
    return app
  },
  'fetch-function': () => answerRequest,
  'fetch-object': () => ({ fetch: answerRequest }),
  listener: () => answerNode,
  server: () => createServer(answerNode).on('upgrade', upgrade),
  'request-and-env': () => ((_request: Request, _env: unknown) => new Response('x')) as never,
}

async function answerRequest(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  if (pathname === '/') {
    return Response.json({ id: request.headers.get('x-request-id'), loggedId: loggedId() })
  }
  if (pathname === '/context') {
    await request.text()
    return Response.json({ loggedId: loggedId() })
  }
  if (pathname === '/slow') {
    await sleep(Number(searchParams.get('ms')))
    return Response.json({ slow: true })
  }
  if (pathname === '/throw') throw new Error('secret')
  if (pathname === '/busy') throw busy()
  return undefined as never
}

async function answerNode(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://x')
  const json = (body: unknown): void => void response.end(JSON.stringify(body))
  if (pathname === '/throw') throw new Error('secret')
  if (pathname === '/busy') throw busy()
  if (pathname === '/reject-later') void Promise.reject(new Error('nobody listens'))
  if (pathname === '/throw-later') {
    setTimeout(() => {
      throw new Error('nobody catches')
    }, 1)
  }
  if (pathname === '/half') {
    response.write('half')
    throw new Error('secret')
  }
  if (pathname === '/slow') {
    await sleep(Number(searchParams.get('ms')))
    return json({ slow: true })
  }
  if (pathname === '/listeners') {
    request.on('data', () => {})
    request.on('end', () => json({ loggedId: loggedId() }))
    request.on('error', () => response.writeHead(400, { 'x-late': 'yes' }).end('late'))
    return
  }
  if (pathname === '/stream') {
    response.write('first ')
    await sleep(Number(searchParams.get('ms')))
    response.end('last')
    return
  }
  if (request.method === 'POST') {
    const hash = createHash('sha256')
    let bytes = 0
    try {
      for await (const piece of request) {
        bytes += piece.length
        hash.update(piece)
      }
    } catch (error) {
      log().info({ error: (error as { code?: string }).code }, 'body failed')
      throw error
    }
    return json({ bytes, sha256: hash.digest('hex'), loggedId: loggedId() })
  }
  return json({ id: request.headers['x-request-id'], loggedId: loggedId() })
}

/** A WebSocket server in four lines: agrees to anything, then sends everything back. */
function upgrade(
  request: IncomingMessage,
  socket: import('node:stream').Duplex,
  head: Buffer,
): void {
  socket.on('error', () => {})
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
  socket.write(`to ${request.url} `)
  if (head.length > 0) socket.write(head)
  socket.pipe(socket)
}

const build = builders[process.argv[2] ?? '']
if (build === undefined) throw new Error(`apps: ${Object.keys(builders).join(', ')}`)
await serve(build(), JSON.parse(process.argv[3] ?? '{}'))
