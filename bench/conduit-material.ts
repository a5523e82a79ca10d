import pg from 'pg'
import { loadSeed } from '../apps/conduit/src/seed/load.ts'
import { createTokens } from '../apps/conduit/src/tokens.ts'
import type { Material } from './conduit-requests.ts'

/** Fills a database with so many people and five articles of each, and says what requests are made of there. */
export async function fillConduit(
  place: string | pg.ClientConfig,
  users: number,
): Promise<Material> {
  const client = new pg.Client(place)
  await client.connect()
  try {
    await loadSeed(client, { users, articles: users * 5, seed: 1 })
    await client.query('vacuum analyze')
    return await materialOf(client)
  } finally {
    await client.end()
  }
}

async function materialOf(client: pg.Client): Promise<Material> {
  const list = async (text: string) => (await client.query(text)).rows.map((row) => row.value)
  const [secret] = await list("select value from settings where name = 'token_secret'")
  const ids = await list('select id as value from users order by md5(id::text) limit 1000')
  return {
    slugs: await list('select slug as value from articles order by md5(slug) limit 5000'),
    usernames: await list('select username as value from users order by md5(username) limit 2000'),
    tags: await list(
      'select tag as value from article_tags order by md5(tag || article_id) limit 500',
    ),
    tokens: ids.map(createTokens(secret).sign),
  }
}
