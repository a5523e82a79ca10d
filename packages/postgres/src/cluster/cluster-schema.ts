/**
 * What the members of a shard and the processes of the app have to know of each other, kept in the shard
 * itself, so that it is replicated with the data.
 *
 * - `banyan.term`: one row. Each promotion writes a larger term, and counts only once the quorum has it. The
 *   primary is the server that is not in recovery and has the largest term; positions are compared within one.
 * - `banyan.catalog`: one row. The members of every shard, with a version. Who follows it listens on
 *   `banyan_catalog` first, then reads, and polls as well: a notification may be lost with its connection.
 * - `banyan.idempotency`: keys of callers, stored by the transaction that they make repeatable.
 */
export const clusterSchemaSql = `
  create table if not exists banyan.term (
    one boolean primary key default true check (one),
    term bigint not null,
    node text not null,
    at timestamptz not null default clock_timestamp()
  );
  insert into banyan.term (term, node) values (1, '') on conflict do nothing;
  create table if not exists banyan.catalog (
    one boolean primary key default true check (one),
    version bigint not null,
    shards jsonb not null
  );
`

/** The channel on which a new version of the catalog is announced; the payload is the version. */
export const catalogChannel = 'banyan_catalog'

/**
 * The channel on which control asks the app's processes to lend no connection of a primary for a moment:
 * payload `{"shard":"shard-1","holdMs":2000}`, 0 to go on. Whoever does not hear it loses a connection.
 */
export const holdChannel = 'banyan_hold'

/**
 * What the connection is called with which a process of the app watches a member, and what while the
 * process lends nothing of the primary: so it is seen in `pg_stat_activity` who has heard of a hold.
 */
export const watcherName = 'banyan watcher'
export const holdingName = 'banyan watcher, holding'

/** A member of a shard, as the catalog lists it. Roles are asked of the servers. */
export type CatalogMember = { readonly name: string; readonly host: string; readonly port: number }

/** `banyan.catalog`. */
export type Catalog = {
  readonly version: number
  readonly shards: readonly { readonly name: string; readonly members: readonly CatalogMember[] }[]
}
