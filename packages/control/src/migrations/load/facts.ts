import type { Client } from 'pg'

/** From here on a table is big: to go through it once under a lock is felt by the app. */
export const bigRows = 10_000
const bigBytes = 8 * 1024 * 1024

/** A table, partitioned table or materialised view that is big, with all that is below it. */
export type BigTable = {
  readonly schema: string
  readonly name: string
  /** Found without its schema's name. */
  readonly visible: boolean
  readonly kind: 'r' | 'p' | 'm'
  readonly rows: number
  readonly bytes: number
  readonly columns: readonly BigColumn[]
  readonly indexes: readonly { readonly name: string; readonly columns: readonly string[] }[]
  /** Whether a constraint that is validated says something about its rows. */
  readonly checked: boolean
  /** CHECK constraints that are not validated yet, and the column that each says is not null. */
  readonly unvalidated: readonly { readonly name: string; readonly column: string | null }[]
}

export type BigColumn = {
  readonly name: string
  readonly type: string
  /** The domain that it is of. */
  readonly domain: string | null
  /** By itself, or by a validated CHECK. */
  readonly notNull: boolean
}

export type LoadFacts = {
  readonly big: readonly BigTable[]
  /** Names of functions of which at least one is volatile. */
  readonly volatile: ReadonlySet<string>
  /** Domains and types with constraints, without schema. */
  readonly domains: ReadonlySet<string>
}

/** What the server knows of its big tables: their sizes are estimates, and good enough. */
export async function readLoadFacts(client: Client): Promise<LoadFacts> {
  const { rows: big } = await client.query<BigTable>(bigSql, [bigRows, bigBytes])
  if (big.length === 0) return { big, volatile: new Set(), domains: new Set() }
  const { rows: functions } = await client.query(
    `select distinct proname as name from pg_proc where provolatile = 'v'`,
  )
  const { rows: domains } = await client.query(
    `select typname as name from pg_type where typtype = 'd'`,
  )
  return { big, volatile: namesOf(functions), domains: namesOf(domains) }
}

const namesOf = (rows: readonly { name: string }[]): Set<string> =>
  new Set(rows.map(({ name }) => name))

const notNullCheck = `'^CHECK \\(\\((.*) IS NOT NULL\\)\\)( NOT VALID)?$'`
const checkedColumn = (constraint: string): string =>
  `trim('"' from substring(pg_get_constraintdef(${constraint}.oid) from ${notNullCheck}))`

const bigSql = `
  with recursive tree (root, oid) as (
    select c.oid, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    union all
    select t.root, i.inhrelid from tree t join pg_inherits i on i.inhparent = t.oid
  ), sizes as (
    select t.root, sum(pg_relation_size(c.oid))::float8 as bytes,
      sum(case when c.relkind = 'p' then 0 else greatest(c.reltuples, 0) end)::float8 as rows
    from tree t join pg_class c on c.oid = t.oid group by t.root
  )
  select n.nspname as schema, c.relname as name, pg_table_is_visible(c.oid) as visible,
    c.relkind::text as kind, s.rows, s.bytes,
    coalesce((select json_agg(json_build_object('name', a.attname,
        'type', format_type(a.atttypid, a.atttypmod),
        'domain', (select t.typname from pg_type t where t.oid = a.atttypid and t.typtype = 'd'),
        'notNull', (a.attnotnull and not exists (select from pg_constraint x
            where x.conrelid = c.oid and x.contype = 'n' and not x.convalidated and x.conkey = array[a.attnum]))
          or exists (select from pg_constraint x where x.conrelid = c.oid and x.contype = 'c'
            and x.convalidated and ${checkedColumn('x')} = a.attname))
        order by a.attnum)
      from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns,
    coalesce((select json_agg(json_build_object('name', ic.relname, 'columns', coalesce(
        (select json_agg(a.attname) from unnest(i.indkey::int2[]) k
         join pg_attribute a on a.attrelid = c.oid and a.attnum = k), '[]')))
      from pg_index i join pg_class ic on ic.oid = i.indexrelid
      where i.indrelid in (select oid from tree where root = c.oid)), '[]') as indexes,
    exists (select from pg_constraint x where x.conrelid = c.oid and x.contype = 'c' and x.convalidated)
      as checked,
    coalesce((select json_agg(json_build_object('name', x.conname, 'column', case x.contype
        when 'n' then (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = x.conkey[1])
        else ${checkedColumn('x')} end))
      from pg_constraint x where x.conrelid = c.oid and x.contype in ('c', 'n') and not x.convalidated), '[]')
      as unvalidated
  from sizes s join pg_class c on c.oid = s.root join pg_namespace n on n.oid = c.relnamespace
  where s.rows > $1 or s.bytes > $2`
