import { after, before, describe } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { type Client, clientOf } from './client.ts'
import { articleTests } from './promises/articles.ts'
import { commentTests } from './promises/comments.ts'
import { favoriteTests } from './promises/favorites.ts'
import { inputTests } from './promises/input.ts'
import { listTests } from './promises/lists.ts'
import { profileTests } from './promises/profiles.ts'
import { uniquenessTests } from './promises/uniqueness.ts'
import { userTests } from './promises/users.ts'

export type RunningApp = { readonly app: FastifyInstance; stop(): Promise<void> }

export type SuiteOptions = {
  /** False where the data keeps values unique on each shard only: those promises are then not made. */
  readonly uniqueEverywhere?: boolean
}

/** What the API promises, whatever data it runs on. */
export function apiSuite(
  name: string,
  start: () => Promise<RunningApp>,
  { uniqueEverywhere = true }: SuiteOptions = {},
): void {
  describe(name, () => {
    let running: RunningApp
    let api: Client
    before(async () => {
      running = await start()
      api = clientOf(running.app)
    })
    after(() => running?.stop())
    userTests(() => api)
    if (uniqueEverywhere) uniquenessTests(() => api)
    profileTests(() => api)
    articleTests(() => api)
    listTests(() => api)
    commentTests(() => api)
    favoriteTests(() => api)
    inputTests(() => api)
  })
}
