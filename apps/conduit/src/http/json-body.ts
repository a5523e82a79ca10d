import type { FastifyInstance } from 'fastify'
import { invalid } from './problem.ts'

/**
 * Takes every body for JSON, whatever its content type says, and no body for nothing: browsers'
 * clients send `content-type: application/json` with an empty POST when an article is favourited.
 */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') return done(null, undefined)
    try {
      done(null, JSON.parse(body as string))
    } catch {
      done(invalid({ body: ['must be JSON'] }))
    }
  })
}
