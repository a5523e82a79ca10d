import type { KeyType } from '@banyan/model'
import type { ClientBase } from 'pg'

/** What the database's catalog says about the declared tables. Read in one query, judged elsewhere. */
export type Facts = {
  /** The role that asks: migrations run as the owner. */
  readonly user: string
  readonly keyType: KeyType | null
  readonly tables: readonly TableFacts[]
  /** The tables of the schema `banyan` that hold unique values. */
  readonly lookups: readonly { name: string; oid: number; columns: string[] }[]
  /** Our trigger functions: name and a hash of the body. */
  readonly functions: readonly { name: string; body: string }[]
  /** Our triggers, wherever they are. Those that PostgreSQL cloned for a partition have `cloned`. */
  readonly triggers: readonly TriggerFacts[]
  /** What was installed last. */
  readonly installed: readonly Installed[]
}

export type TableFacts = {
  readonly name: string
  readonly oid: number
  /** As in pg_class: r table, p partitioned, v view, m materialised view, f foreign table. */
  readonly kind: string
  readonly persistence: string
  readonly owner: string
  readonly isPartition: boolean
  readonly columns: readonly ColumnFacts[]
  readonly indexes: readonly IndexFacts[]
  readonly exclusions: readonly ExclusionFacts[]
  /** The partitions below it, at every depth. */
  readonly partitions: readonly { oid: number; schema: string; name: string; kind: string }[]
}

export type ColumnFacts = {
  readonly name: string
  readonly type: string
  /** Qualified and quoted; null for the type's own. */
  readonly collation: string | null
  readonly deterministic: boolean
  readonly notNull: boolean
  /** As in pg_attribute: empty, s stored, v virtual. */
  readonly generated: string
}

/** A unique index; an expression among its columns is null. */
export type IndexFacts = {
  readonly name: string
  readonly table: string
  readonly primary: boolean
  readonly partial: boolean
  readonly columns: readonly (string | null)[]
}

/** An exclusion constraint, with the columns that it compares by `=`. */
export type ExclusionFacts = {
  readonly name: string
  readonly table: string
  readonly equal: readonly string[]
}

export type TriggerFacts = {
  readonly name: string
  readonly table: number
  readonly tableName: string
  readonly enabled: string
  readonly definition: string
  readonly cloned: boolean
}

/** A row of `banyan.installed`. */
export type Installed = {
  readonly name: string
  readonly fingerprint: string
  readonly table: number
  readonly partitions: readonly number[]
  /** Each lookup whose rows were complete then, with a hash of what that rests on. */
  readonly lookups: Readonly<Record<string, string>>
}

export async function readFacts(client: ClientBase, tables: readonly string[]): Promise<Facts> {
  const { rows } = await client.query({ text: factsSql, values: [tables] })
  return rows[0].facts as Facts
}

const collationSql = `case when a.attcollation <> t.typcollation
      then (select quote_ident(n.nspname) || '.' || quote_ident(k.collname) from pg_namespace n
            where n.oid = k.collnamespace) end`

const columnsSql = `
  select json_agg(json_build_object(
    'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
    'collation', ${collationSql},
    'deterministic', coalesce(k.collisdeterministic, true),
    'generated', a.attgenerated::text) order by a.attnum)
  from pg_attribute a join pg_type t on t.oid = a.atttypid
  left join pg_collation k on k.oid = a.attcollation
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`

const indexesSql = `
  select json_agg(json_build_object(
    'name', ic.relname, 'table', tc.relname, 'primary', i.indisprimary,
    'partial', i.indpred is not null,
    'columns', (select json_agg(a.attname order by k.position)
      from unnest(i.indkey::int2[]) with ordinality as k (number, position)
      left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number and k.number > 0
      where k.position <= i.indnkeyatts)) order by tc.relname, ic.relname)
  from pg_index i join family f on f.oid = i.indrelid and f.root = c.oid
  join pg_class ic on ic.oid = i.indexrelid join pg_class tc on tc.oid = i.indrelid
  where i.indisunique
    and not exists (select from pg_inherits h where h.inhrelid = i.indexrelid)`

const exclusionsSql = `
  select json_agg(json_build_object(
    'name', x.conname, 'table', tc.relname,
    'equal', (select coalesce(json_agg(a.attname), '[]')
      from unnest(x.conkey, x.conexclop) as e (number, operator)
      join pg_attribute a on a.attrelid = x.conrelid and a.attnum = e.number
      join pg_operator o on o.oid = e.operator and o.oprname = '=')) order by x.conname)
  from pg_constraint x join family f on f.oid = x.conrelid and f.root = c.oid
  join pg_class tc on tc.oid = x.conrelid
  where x.contype = 'x' and x.conparentid = 0`

const factsSql = `
  with recursive declared as (
    select c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relname = any ($1::text[]) and c.relkind in ('r','p','v','m','f')
  ), family (root, oid) as (
    select oid, oid from declared
    union all
    select f.root, i.inhrelid from family f join pg_inherits i on i.inhparent = f.oid
  ), banyan as (select oid from pg_namespace where nspname = 'banyan')
  select json_build_object(
    'user', current_user,
    'keyType', (select key_type from banyan.settings),
    'tables', (select coalesce(json_agg(json_build_object(
        'name', c.relname, 'oid', c.oid::int8, 'kind', c.relkind::text,
        'persistence', c.relpersistence::text, 'owner', pg_get_userbyid(c.relowner),
        'isPartition', c.relispartition,
        'columns', coalesce((${columnsSql}), '[]'),
        'indexes', coalesce((${indexesSql}), '[]'),
        'exclusions', coalesce((${exclusionsSql}), '[]'),
        'partitions', (select coalesce(json_agg(json_build_object('oid', p.oid::int8,
            'schema', n.nspname, 'name', p.relname, 'kind', p.relkind::text) order by p.oid), '[]')
          from family f join pg_class p on p.oid = f.oid join pg_namespace n on n.oid = p.relnamespace
          where f.root = c.oid and f.oid <> c.oid)
      ) order by c.relname), '[]') from declared c),
    'lookups', (select coalesce(json_agg(json_build_object('name', c.relname, 'oid', c.oid::int8,
        'columns', (select json_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
            ${collationSql}) order by a.attnum)
          from pg_attribute a join pg_type t on t.oid = a.atttypid
          left join pg_collation k on k.oid = a.attcollation where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
      ) order by c.relname), '[]')
      from pg_class c join banyan b on b.oid = c.relnamespace
      where c.relkind = 'r' and c.relname like 'unique\\_%'),
    'functions', (select coalesce(json_agg(json_build_object('name', p.proname,
        'body', md5(p.prosrc || p.prosecdef || coalesce(p.proconfig::text, '')))
        order by p.proname), '[]')
      from pg_proc p join banyan b on b.oid = p.pronamespace where p.prorettype = 'trigger'::regtype),
    'triggers', (select coalesce(json_agg(json_build_object('name', t.tgname,
        'table', t.tgrelid::int8, 'tableName', t.tgrelid::regclass::text,
        'enabled', t.tgenabled::text, 'definition', pg_get_triggerdef(t.oid),
        'cloned', t.tgparentid <> 0) order by t.tgrelid, t.tgname), '[]')
      from pg_trigger t join pg_proc p on p.oid = t.tgfoid join banyan b on b.oid = p.pronamespace),
    'installed', (select coalesce(json_agg(json_build_object('name', name,
        'fingerprint', fingerprint, 'table', table_oid::int8, 'partitions', partitions,
        'lookups', lookups) order by name), '[]') from banyan.installed)
  ) as facts`
