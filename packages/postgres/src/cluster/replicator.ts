import type { Client } from 'pg'
import { quoteName } from '../quote.ts'
import { replicatorRole } from '../roles.ts'
import { scramVerifier, verifies } from '../scram.ts'

/**
 * Makes the role that replicas connect as, or gives it this password; it may stream, and nothing else.
 * Roles are part of what is replicated, so it is made on the primary only.
 *
 * @param admin a connected superuser of the primary
 * @example await ensureReplicator(admin, secrets.replicatorPassword)
 */
export async function ensureReplicator(admin: Client, password: string): Promise<void> {
  const { rows } = await admin.query<{ verifier: string | null; fits: boolean }>(
    `select rolpassword as verifier, rolcanlogin and rolreplication
       and not (rolsuper or rolcreatedb or rolcreaterole or rolbypassrls) as fits
     from pg_authid where rolname = $1`,
    [replicatorRole],
  )
  const [found] = rows
  if (found?.fits && verifies(found.verifier, password)) return
  const verb = found === undefined ? 'create' : 'alter'
  await admin.query(`${verb} ${replicatorSql} '${scramVerifier(password)}'`)
}

const replicatorSql = `role ${quoteName(replicatorRole)} login replication nosuperuser nocreatedb
  nocreaterole nobypassrls password`
