import type { FastifyInstance } from 'fastify'

/**
 * Any RealWorld front end may call this API from its own origin. That is safe: who is asking comes
 * from the Authorization header alone, which a browser never adds by itself.
 */
export function allowEveryOrigin(app: FastifyInstance): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('access-control-allow-origin', '*')
  })
  app.options('/api/*', async (_request, reply) =>
    reply
      .header('access-control-allow-methods', 'GET, POST, PUT, DELETE')
      .header('access-control-allow-headers', 'authorization, content-type')
      .header('access-control-max-age', '7200')
      .code(204)
      .send(),
  )
}
