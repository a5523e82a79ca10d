import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { landingPage } from '../landing-page.ts'
import { landingPolicy } from '../landing-script.ts'

export function landingRoutes(app: FastifyInstance, { totals, node }: Context): void {
  app.get('/', async (_request, reply) => {
    const [articles, users] = await Promise.all([totals.articles.get(), totals.users.get()])
    return reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('content-security-policy', landingPolicy)
      .send(landingPage({ node, articles, users }))
  })
}
