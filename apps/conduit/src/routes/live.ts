import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { busy, Problem } from '../http/problem.ts'
import { LiveArticles } from '../live/live-articles.ts'
import { LiveSockets } from '../live/live-socket.ts'

/** More listeners than this are sent to another process. */
const socketsMax = 10_000

/** Nothing is expected of a client but an answer to pings. */
const messageBytesMax = 1_024

/** `/api/articles/live`: a WebSocket on which each article is told as it is published. */
export function liveRoutes(app: FastifyInstance, { data }: Context): void {
  const live = new LiveArticles(data)
  const sockets = new LiveSockets(live)
  app.register(websocket, { options: { maxPayload: messageBytesMax } })
  // Only routes of a plugin that comes after it are ones that can be upgraded.
  app.register((inner, _options, done) => {
    inner.route({
      method: 'GET',
      url: '/api/articles/live',
      // Before the client's WebSocket is open, so that it misses nothing once it is.
      preValidation: async (request) => {
        if (!request.ws) throw upgradeRequired()
        if (sockets.size >= socketsMax) throw busy(5)
        await live.open()
      },
      handler: () => {
        throw upgradeRequired()
      },
      wsHandler: (socket) => sockets.add(socket),
    })
    done()
  })
  app.addHook('onClose', async () => {
    live.close()
    sockets.close()
  })
}

const upgradeRequired = () =>
  new Problem(
    426,
    { connection: ['must be upgraded to a WebSocket'] },
    { upgrade: 'websocket', connection: 'Upgrade' },
  )
