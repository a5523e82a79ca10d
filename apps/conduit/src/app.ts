import fastify, { type FastifyInstance } from 'fastify'
import type { Context } from './context.ts'
import { createAuth } from './http/auth.ts'
import { allowEveryOrigin } from './http/cors.ts'
import { readJsonBodies } from './http/json-body.ts'
import { answerErrors } from './http/refuse.ts'
import { createPasswords, type Passwords } from './passwords.ts'
import type { RecordEvent } from './record-event.ts'
import { articleRoutes } from './routes/articles.ts'
import { commentRoutes } from './routes/comments.ts'
import { landingRoutes } from './routes/landing.ts'
import { listRoutes } from './routes/lists.ts'
import { liveRoutes } from './routes/live.ts'
import { profileRoutes } from './routes/profiles.ts'
import { tagRoutes } from './routes/tags.ts'
import { userRoutes } from './routes/users.ts'
import type { Data } from './store/data.ts'
import { readTokenSecret } from './store/settings.ts'
import { createTotals } from './store/totals.ts'
import { createTokens, type Tokens } from './tokens.ts'

export type ConduitOptions = {
  readonly data: Data
  /** The name of the node that answers, for the landing page. */
  readonly node?: string
  readonly passwords?: Passwords
  /** Where events of business metrics go. Default: nowhere. */
  readonly record?: RecordEvent
}

/**
 * Conduit, the RealWorld API, on whatever data is handed in.
 *
 * @example
 * import { data, serve } from 'banyan'
 * await serve(buildApp({ data }))
 */
export function buildApp(options: ConduitOptions): FastifyInstance {
  const { data, node = 'web', passwords = createPasswords() } = options
  const { record = () => {} } = options
  const app = fastify({
    routerOptions: { maxParamLength: 1_000 },
    bodyLimit: 1024 * 1024,
  })
  const tokens = loadOnce(async () => createTokens(await readTokenSecret(data)))
  const auth = createAuth(app, tokens, record)
  const totals = createTotals(data)
  const context: Context = { data, auth, passwords, tokens, totals, node, record }
  readJsonBodies(app)
  allowEveryOrigin(app)
  answerErrors(app)
  for (const addRoutes of routes) addRoutes(app, context)
  return app
}

const routes = [
  landingRoutes,
  userRoutes,
  profileRoutes,
  listRoutes,
  articleRoutes,
  commentRoutes,
  tagRoutes,
  liveRoutes,
]

/** The secret never changes while a process lives. A failure is not kept: the next request tries again. */
function loadOnce(load: () => Promise<Tokens>): () => Promise<Tokens> {
  let loading: Promise<Tokens> | null = null
  return () => {
    loading ??= load().catch((error) => {
      loading = null
      throw error
    })
    return loading
  }
}
