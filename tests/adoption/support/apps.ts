/** The three plain apps: what is said about each, and what one of its users does with it. */
export type AppUnderTest = {
  readonly folder: string
  readonly name: string
  readonly framework: string
  readonly driver: string
  readonly config: 'banyan.config.ts' | 'banyan.config.mts'
  /** The one line that makes its pool Banyan's. */
  readonly swap: readonly [file: string, before: string, after: string]
  /** Tables that fit the rules of sharding as they are; the others are left out. */
  readonly tables: string
  readonly sharded: string
  /** Writes something and reads it again through the app alone. */
  use(url: string): Promise<void>
}

const headers = { 'content-type': 'application/json' }

async function send(method: string, url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, { method, headers, body: body ? JSON.stringify(body) : null })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`)
  return text === '' ? null : JSON.parse(text)
}

const shownAs = (found: unknown, expected: string): void => {
  if (!JSON.stringify(found).includes(expected))
    throw new Error(`${expected} is not in ${JSON.stringify(found)}`)
}

const bookmarks: AppUnderTest = {
  folder: 'express-pg',
  name: 'bookmarks',
  framework: 'Express',
  driver: 'pg',
  config: 'banyan.config.mts',
  swap: ['src/db.js', "require('pg')", "require('banyan/pg')"],
  tables: "{ bookmarks: { by: 'person_id' } }",
  sharded: 'bookmarks',
  use: async (url) => {
    const email = `user-${process.hrtime.bigint()}@example.com`
    const { id } = (await send('POST', `${url}/people`, { email, name: 'Ada' })) as { id: string }
    await send('POST', `${url}/people/${id}/bookmarks`, { url: 'https://a.example', title: 'One' })
    shownAs(await send('GET', `${url}/people/${id}/bookmarks`), '"title":"One"')
  },
}

const timesheet: AppUnderTest = {
  folder: 'fastify-drizzle',
  name: 'timesheet',
  framework: 'Fastify',
  driver: 'Drizzle',
  config: 'banyan.config.ts',
  swap: ['src/db.ts', "from 'pg'", "from 'banyan/pg'"],
  tables: "{ projects: { by: 'id' }, entries: { by: 'project_id' } }",
  sharded: 'entries',
  use: async (url) => {
    const { id } = (await send('POST', `${url}/projects`, { name: 'Garden' })) as { id: string }
    await send('POST', `${url}/projects/${id}/entries`, { what: 'dig', minutes: 30 })
    shownAs(await send('GET', `${url}/projects/${id}`), '"what":"dig"')
  },
}

const polls: AppUnderTest = {
  folder: 'hono-kysely',
  name: 'polls',
  framework: 'Hono',
  driver: 'Kysely',
  config: 'banyan.config.ts',
  swap: ['src/db.ts', "from 'pg'", "from 'banyan/pg'"],
  tables: "{ polls: { by: 'id' }, votes: { by: 'poll_id' } }",
  sharded: 'votes',
  use: async (url) => {
    const { id } = (await send('POST', `${url}/polls`, { question: 'Tea?' })) as { id: string }
    await send('PUT', `${url}/polls/${id}/votes/ada`, { choice: 'tea' })
    shownAs(await send('GET', `${url}/polls/${id}`), '{"choice":"tea","votes":1}')
  },
}

export const apps: readonly AppUnderTest[] = [bookmarks, timesheet, polls]
