import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { shareNext } from '../memo.ts'
import { listTags } from '../store/tags.ts'

export function tagRoutes(app: FastifyInstance, { data }: Context): void {
  const tags = shareNext(() => listTags(data))
  app.get('/api/tags', async () => ({ tags: await tags() }))
}
