import type { ClientBase } from 'pg'
import { quoteName } from '../quote.ts'
import { appRole, ownerRole, wideRole } from '../roles.ts'
import { scramVerifier, verifies } from '../scram.ts'
import { allPolicy } from './policies.ts'

/**
 * Makes the role that sessions of narrow mode log in as. It may do what the runtime role may, and is
 * above row security, since PostgreSQL refuses COPY FROM under it; a keyed statement becomes the
 * runtime role for its transaction. A system that has policies of its own stays below them: then the
 * role is not above row security.
 *
 * @param admin a superuser, connected to the system's database
 * @param widePassword null when services log in as the owner, who is above row security already
 */
export async function grantNarrow(admin: ClientBase, widePassword: string | null): Promise<void> {
  if (widePassword === null) return await ensureMember(admin, ownerRole)
  const { rows } = await admin.query(rolesSql)
  const [{ found, verifier, bypasses, fits, own }] = rows
  if (!fits || bypasses === own || !verifies(verifier, widePassword)) {
    await admin.query(
      `${found ? 'alter' : 'create'} role ${wideRole} login nosuperuser nocreatedb nocreaterole
       noreplication ${own ? 'no' : ''}bypassrls password '${scramVerifier(widePassword)}'`,
    )
  }
  await ensureMember(admin, wideRole)
}

const rolesSql = `
  select r.oid is not null as found, r.rolpassword as verifier,
    coalesce(r.rolbypassrls, false) as bypasses,
    coalesce(r.rolcanlogin and not (r.rolsuper or r.rolcreatedb or r.rolcreaterole
      or r.rolreplication), false) as fits,
    exists (select from pg_class c where c.relrowsecurity and not exists (
      select from pg_policy p where p.polrelid = c.oid and p.polname = '${allPolicy}')) as own
  from (values (1)) as one left join pg_authid r on r.rolname = '${wideRole}'`

async function ensureMember(admin: ClientBase, role: string): Promise<void> {
  if (!(await isMember(admin, role))) await admin.query(`grant ${appRole} to ${quoteName(role)}`)
}

async function isMember(admin: ClientBase, role: string): Promise<boolean> {
  const { rows } = await admin.query(
    'select from pg_auth_members where roleid = to_regrole($1) and member = to_regrole($2)',
    [appRole, role],
  )
  return rows.length > 0
}

/** Whether there is anything to take back. Any superuser's connection to the cluster will do. */
export async function hasNarrow(admin: ClientBase): Promise<boolean> {
  const { rows } = await admin.query(
    `select from pg_roles where rolname = $1 union all
     select from pg_auth_members where roleid = to_regrole($2) and member = to_regrole($3)`,
    [wideRole, appRole, ownerRole],
  )
  return rows.length > 0
}

/** Takes back what `grantNarrow` gave. What the role made becomes the runtime role's. */
export async function revokeNarrow(admin: ClientBase): Promise<void> {
  if (await isMember(admin, ownerRole)) await admin.query(`revoke ${appRole} from ${ownerRole}`)
  const { rows } = await admin.query('select to_regrole($1) is not null as found', [wideRole])
  if (!rows[0].found) return
  await admin.query(
    `reassign owned by ${wideRole} to ${appRole}; drop owned by ${wideRole}; drop role ${wideRole}`,
  )
}
