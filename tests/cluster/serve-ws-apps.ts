// The same small WebSocket app on every framework: `node serve-ws-apps.ts fastify`. Not a test.
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import websocket from '@fastify/websocket'
import { type App, log, serve } from 'banyan'
import express from 'express'
import Fastify, { type FastifyPluginAsync } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'

/** Sends everything back; `big N` is answered with N bytes, `parts N` with a message of N fragments. */
function talk(socket: WebSocket): void {
  socket.on('error', () => {})
  socket.on('close', (code) => log().info({ code }, 'socket closed'))
  socket.on('message', (data, isBinary) => {
    const [word, count = '0'] = String(data).split(' ')
    if (word === 'big') socket.send(Buffer.alloc(Number(count), 7))
    else if (word === 'parts') void sendParts(socket, Number(count))
    else if (word === 'flood') void flood(socket)
    else socket.send(data, { binary: isBinary })
  })
}

async function sendParts(socket: WebSocket, count: number): Promise<void> {
  for (let n = 1; n <= count && socket.readyState === socket.OPEN; n += 1) {
    socket.send(`${n} `, { fin: n === count })
    await sleep(20)
  }
}

/** Messages that say how long they are, one after the other, for as long as anybody takes them. */
async function flood(socket: WebSocket): Promise<void> {
  for (let n = 0; socket.readyState === socket.OPEN; n += 1) {
    const bytes = Buffer.alloc(1 + (n % 7) * 20_000, n % 251)
    socket.send(bytes)
    if (socket.bufferedAmount > 4_000_000) await sleep(5)
    else if (n % 50 === 0) await sleep(0)
  }
}

/**
 * A WebSocket server without a library, that answers no frame. Any number that it is sent is the time
 * between the pieces of a frame of 200 bytes; whole frames of 18 follow it at once.
 */
function writeSlowly(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => {})
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n')
  socket.write('Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n\x82\x01!', 'latin1')
  socket.once('data', async (text: Buffer) => {
    socket.write(Buffer.from([0x82, 126, 0, 200]))
    for (let n = 0; n < 10; n += 1) {
      await sleep(Number(text))
      const rest = n === 9 ? [0x82, 18, ...Buffer.alloc(18, 1)] : []
      socket.write(Buffer.from([...Buffer.alloc(20, 0x88), ...rest]))
    }
    while (!socket.destroyed) {
      socket.write(Buffer.from([0x82, 18, ...Buffer.alloc(18, 1)]))
      await sleep(5)
    }
  })
}

/** Something that is upgraded to, and is no WebSocket. */
function echo(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => {})
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
  socket.pipe(socket)
}

const deflate = { threshold: 0 }
const builders: Record<string, () => App | Promise<App>> = {
  fastify: async () => {
    const app = Fastify()
    await app.register(websocket)
    app.get('/ws', { websocket: true }, talk)
    app.get('/', async () => 'plain')
    app.addHook('onClose', async () => log().info('close hook ran'))
    return app
  },
  /** Registers its plugin only while it gets ready, and takes its time. */
  'fastify-slow': () => {
    const app = Fastify()
    const addLater: FastifyPluginAsync = async (inner) => {
      await sleep(600)
      await inner.register(websocket)
      inner.get('/ws', { websocket: true }, talk)
    }
    void app.register(addLater)
    app.get('/', async () => 'plain')
    return app
  },
  'fastify-plain': () => Fastify().get('/ws', async () => 'plain') as never,
  http: async () => {
    const server = createServer((_request, response) => response.end('plain'))
    new WebSocketServer({ server, path: '/ws' }).on('connection', talk)
    return server
  },
  deflate: async () => {
    const server = createServer((_request, response) => response.end('plain'))
    new WebSocketServer({ server, perMessageDeflate: deflate }).on('connection', talk)
    return server
  },
  express: async () => {
    const app = express()
    app.get('/', (_request, response) => void response.send('plain'))
    const server = createServer(app)
    new WebSocketServer({ server }).on('connection', talk)
    return server
  },
  slow: async () => createServer((_, response) => response.end()).on('upgrade', writeSlowly),
  echo: async () => createServer((_, response) => response.end()).on('upgrade', echo),
  silent: async () => createServer((_, response) => response.end()).on('upgrade', () => {}),
}

const build = builders[process.argv[2] ?? '']
if (build === undefined) throw new Error(`apps: ${Object.keys(builders).join(', ')}`)
const app = build()
// Fastify is thenable itself: awaiting it would get it ready.
await serve(app instanceof Promise ? await app : app, JSON.parse(process.argv[3] ?? '{}'))
