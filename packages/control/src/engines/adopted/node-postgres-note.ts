import type { System } from '@banyan/model'
import { Client } from 'pg'
import { targetOf } from './target.ts'

const certificateCodes = /^(?:DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_TLS_)/

/**
 * To node-postgres 8 `sslmode=require` means `verify-full`: a server that we, libpq and most drivers
 * reach is refused by it. Better said while the system comes up than found in the log of a service.
 */
export async function noteForNodePostgres(system: System): Promise<string | null> {
  const { url, name, members } = targetOf(system)
  if (members.length > 1) return listNote(members.length)
  const strict = new URL(url)
  // Set by us only where node-postgres would read the mode in its own way.
  const isSet = (text: string): boolean => text.includes('uselibpqcompat=')
  if (!isSet(url) || isSet(system.data?.url ?? '')) return null
  const mode = strict.searchParams.get('sslmode')
  strict.searchParams.delete('uselibpqcompat')
  strict.searchParams.set('sslmode', 'verify-full')
  const client = new Client({ connectionString: strict.href, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return null
  } catch (error) {
    if (!certificateCodes.test(String((error as { code?: string }).code))) return null
    return `Services that use node-postgres (pg, banyan/pg) will not trust ${name}: to it sslmode=${mode} means verify-full. Add &sslrootcert=FILE, or &uselibpqcompat=true, to the URL.`
  } finally {
    void client.end().catch(() => {})
  }
}

const listNote = (count: number): string =>
  `DATABASE_URL names ${count} servers: libpq, banyan/pg and data follow the one that takes writes; node-postgres (pg) by itself reads no such list.`
