import type { RuntimeMember } from '@banyan/model'
import type { Catalog } from '@banyan/postgres'
import type pg from 'pg'

/** A version of the catalog, as far as one shard is concerned. */
export type Listed = { readonly version: number; readonly members: readonly RuntimeMember[] }

/** Reads the catalog; null where there is none, or none that lists the shard. */
export async function readCatalog(client: pg.ClientBase, shard: string): Promise<Listed | null> {
  const { rows } = await client.query('select version::text, shards from banyan.catalog')
  const [row] = rows as { version: string; shards: Catalog['shards'] }[]
  const found = row?.shards.find(({ name }) => name === shard)
  if (row === undefined || found === undefined || found.members.length === 0) return null
  return { version: Number(row.version), members: found.members }
}
