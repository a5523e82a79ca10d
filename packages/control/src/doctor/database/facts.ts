/** What a database says of itself. Read in one transaction that only reads. */
export type DatabaseFacts = {
  readonly adopted: boolean
  readonly version: string
  readonly major: number
  readonly user: string
  readonly inRecovery: boolean
  /** Bytes of the whole database. */
  readonly bytes: number
  readonly settings: Readonly<Record<string, string>>
  /** Sessions of other clients right now. */
  readonly sessions: number
  readonly role: {
    readonly superuser: boolean
    readonly replication: boolean
  }
  /** Extensions besides plpgsql, by name. */
  readonly extensions: readonly string[]
  readonly largeObjects: boolean
  /** The collation that the database was made with, and the one that the machine now has, when they differ. */
  readonly collationChanged: boolean
  readonly tables: readonly DatabaseTable[]
}

/** A table in the schema `public`. */
export type DatabaseTable = {
  readonly name: string
  readonly bytes: number
  readonly unlogged: boolean
  readonly primaryKey: readonly string[]
  readonly replicaIdentity: 'default' | 'index' | 'full' | 'nothing'
  /** Unique indexes besides the primary key; those on expressions are left out. */
  readonly uniques: readonly { readonly columns: readonly string[] }[]
}

/** The settings that rules look at. */
const settings = [
  'wal_level',
  'max_connections',
  'max_wal_senders',
  'max_replication_slots',
  'max_prepared_transactions',
  'shared_buffers',
  'server_encoding',
]

/** One statement for all of it, so that everything is of the same moment. One row, one column of JSON. */
export const factsSql = `
  select json_build_object(
    'version', current_setting('server_version'),
    'major', current_setting('server_version_num')::int / 10000,
    'user', current_user::text,
    'inRecovery', pg_is_in_recovery(),
    'bytes', pg_database_size(current_database()),
    'settings', (select json_object_agg(name, current_setting(name)) from pg_settings
      where name in (${settings.map((name) => `'${name}'`).join(', ')})),
    'sessions', (select count(*) from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()),
    'role', (select json_build_object('superuser', rolsuper, 'replication', rolreplication or exists (
        select from pg_roles managed where managed.rolname in ('rds_replication', 'azure_pg_admin', 'cloudsqlsuperuser')
          and pg_has_role(current_user, managed.oid, 'member')))
      from pg_roles where rolname = current_user),
    'extensions', (select coalesce(json_agg(extname order by extname), '[]') from pg_extension
      where extname <> 'plpgsql'),
    'largeObjects', exists (select from pg_largeobject_metadata),
    'collations', (select json_build_array(to_jsonb(d) ->> 'datcollversion', to_jsonb(d) ->> 'datlocprovider', d.oid)
      from pg_database d where datname = current_database()),
    'tables', (select coalesce(json_agg(json_build_object(
        'name', c.relname,
        'bytes', pg_table_size(c.oid),
        'unlogged', c.relpersistence = 'u',
        'replicaIdentity', case c.relreplident when 'd' then 'default' when 'i' then 'index'
          when 'f' then 'full' else 'nothing' end,
        'primaryKey', coalesce((select json_agg(a.attname order by k.place)
          from pg_index i, unnest(i.indkey::int2[]) with ordinality as k (number, place), pg_attribute a
          where i.indrelid = c.oid and i.indisprimary and k.place <= i.indnkeyatts
            and a.attrelid = c.oid and a.attnum = k.number), '[]'),
        'uniques', coalesce((select json_agg(json_build_object('columns', (
            select json_agg(a.attname order by k.place)
            from unnest(i.indkey::int2[]) with ordinality as k (number, place), pg_attribute a
            where k.place <= i.indnkeyatts and a.attrelid = c.oid and a.attnum = k.number)))
          from pg_index i where i.indrelid = c.oid and i.indisunique and not i.indisprimary
            and 0 <> all (i.indkey::int2[])), '[]')
      ) order by c.relname), '[]')
      from pg_class c
      where c.relnamespace = to_regnamespace('public') and c.relkind in ('r', 'p') and not c.relispartition
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass
          and d.objid = c.oid and d.deptype = 'e'))
  )::text as facts`

type Row = Omit<DatabaseFacts, 'adopted' | 'collationChanged'> & {
  readonly collations: readonly [version: string | null, provider: string | null, oid: number]
}

/** The facts in the answer to `factsSql`. */
export function factsOf(
  json: string,
  adopted: boolean,
  actualCollation: string | null,
): DatabaseFacts {
  const { collations, ...facts } = JSON.parse(json) as Row
  const [recorded] = collations
  const collationChanged =
    recorded !== null && actualCollation !== null && recorded !== actualCollation
  return { ...facts, adopted, collationChanged }
}

/** Only from PostgreSQL 15 on is there such a function; asked for by a statement of its own. */
export const collationSql = `select pg_database_collation_actual_version(oid) as version
  from pg_database where datname = current_database()`

export const collationMajor = 15
