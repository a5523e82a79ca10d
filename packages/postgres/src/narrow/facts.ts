import type { ClientBase } from 'pg'
import { allPolicy, keyPolicy } from './policies.ts'

/** A table or partition that is declared, or that has a policy of ours. */
export type RowSecurity = {
  /** The declared table that it is, or is a partition of; null: none. */
  readonly declared: string | null
  /** Qualified and quoted. */
  readonly table: string
  readonly enabled: boolean
  /** It holds for the owner as well. */
  readonly forced: boolean
  /** Our policies, and the mark of `banyan_key`. */
  readonly ours: readonly string[]
  readonly mark: string | null
  /** How many policies the app has on it. */
  readonly foreign: number
}

/** Reads what there is of row security, of ours and of the app's. */
export async function readRowSecurity(
  client: ClientBase,
  tables: readonly string[],
): Promise<RowSecurity[]> {
  const { rows } = await client.query<RowSecurity>({ text: rowSecuritySql, values: [tables] })
  return rows
}

const rowSecuritySql = `
  with recursive family (declared, oid) as (
    select c.relname, c.oid from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relname = any ($1::text[])
      and c.relkind in ('r', 'p')
    union all
    select f.declared, i.inhrelid from family f join pg_inherits i on i.inhparent = f.oid
  ), policies as (
    select polrelid, polname, obj_description(oid, 'pg_policy') as mark,
      polname in ('${allPolicy}', '${keyPolicy}') as ours
    from pg_policy
  )
  select f.declared::text, format('%I.%I', n.nspname, c.relname) as "table",
    c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
    array(select p.polname::text from policies p where p.polrelid = c.oid and p.ours
      order by p.polname) as ours,
    (select p.mark from policies p where p.polrelid = c.oid and p.polname = '${keyPolicy}') as mark,
    (select count(*)::int from policies p where p.polrelid = c.oid and not p.ours) as "foreign"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  left join family f on f.oid = c.oid
  where c.relkind in ('r', 'p') and (f.oid is not null
    or exists (select from policies p where p.polrelid = c.oid and p.ours))
  order by f.declared, c.oid`
