import { clusterSchemaSql } from './cluster/cluster-schema.ts'
import { idempotencyGrantSql, idempotencySchemaSql } from './cluster/idempotency.ts'
import { appRole, ownerRole } from './roles.ts'

/** The version of the tables below. A database of a newer one is refused. */
export const schemaFormat = 1

/**
 * The tables of the schema `banyan` and the runtime role's rights, run as the owner role.
 *
 * Default privileges hold for every schema that migrations make, so a new table is the app's to
 * use at once. They would hold for the schema `banyan` too; hence the revokes at the end, which
 * whoever makes a table or function there repeats (`lockSchemaSql`). Functions need no grant:
 * PUBLIC may execute them unless a migration says otherwise.
 */
export const schemaSql = `
  create table if not exists banyan.settings (
    one boolean primary key default true check (one),
    format integer not null,
    key_type text check (key_type in ('uuid', 'bigint', 'text'))
  );
  insert into banyan.settings (format) values (${schemaFormat}) on conflict do nothing;
  create table if not exists banyan.installed (
    name text primary key,
    fingerprint text not null,
    table_oid oid not null,
    partitions int8[] not null,
    lookups jsonb not null
  );
  create table if not exists banyan.migrations (
    name text primary key,
    checksum text not null,
    state text not null check (state in ('begun', 'applied')),
    contract boolean not null,
    began timestamptz not null,
    applied timestamptz,
    duration_ms double precision,
    statements integer not null default 0,
    attempted integer
  );
  do $$ begin
    if not exists (select from pg_attribute
      where attrelid = 'banyan.migrations'::regclass and attname = 'attempted') then
      alter table banyan.migrations add column attempted integer;
    end if;
  end $$;
  ${clusterSchemaSql}
  ${idempotencySchemaSql}
  alter default privileges for role ${ownerRole} grant usage on schemas to ${appRole};
  alter default privileges for role ${ownerRole}
    grant select, insert, update, delete, truncate on tables to ${appRole};
  alter default privileges for role ${ownerRole} grant usage, select on sequences to ${appRole};
`

/**
 * The rights on tables that were there before Banyan. Given once, with the schema: given at every
 * start, it would undo what a migration took away on purpose.
 */
export const existingTablesSql = `
  grant select, insert, update, delete, truncate on all tables in schema public to ${appRole};
  grant usage, select on all sequences in schema public to ${appRole};
`

/**
 * Leaves the runtime role nothing but reading in the schema `banyan`, and keys of callers. Executing matters as well:
 * whoever may execute a trigger function may put it on a table of his own and have it write here.
 */
export const lockSchemaSql = `
  revoke all on all tables in schema banyan from public, ${appRole};
  revoke all on all functions in schema banyan from public, ${appRole};
  revoke all on schema banyan from public, ${appRole};
  grant usage on schema banyan to ${appRole};
  grant select on all tables in schema banyan to ${appRole};
  ${idempotencyGrantSql}
`
