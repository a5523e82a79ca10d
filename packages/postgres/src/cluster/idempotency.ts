import { appRole } from '../roles.ts'

/**
 * Keys of callers, each stored by the transaction that it makes repeatable, together with what that
 * transaction gave. Whoever comes again with a key gets the same result, and nothing is done twice.
 */
export const idempotencySchemaSql = `
  create table if not exists banyan.idempotency (
    key text primary key,
    result jsonb,
    at timestamptz not null default clock_timestamp()
  );
  create index if not exists idempotency_at on banyan.idempotency (at);
`

/** The one table of the schema that the runtime role writes. */
export const idempotencyGrantSql = `
  grant select, insert, update, delete on banyan.idempotency to ${appRole};
`

/**
 * Takes a key for this transaction; no row where somebody has it. It waits for one that is about to
 * store the same key.
 */
export const claimKeySql =
  'insert into banyan.idempotency (key) values ($1) on conflict (key) do nothing returning key'

/**
 * What a key gave. It is a write, whose commit waits for the replicas: the transaction that stored the key
 * may be visible here and on no other disk yet.
 */
export const recallKeySql =
  'update banyan.idempotency set at = at where key = $1 returning result::text as result'

/** Stores what the transaction gives, and reads it back as whoever comes later will. */
export const storeResultSql =
  'update banyan.idempotency set result = $2 where key = $1 returning result::text as result'

/** Forgets keys after a day, some of them at a time, and waits for nobody. */
export const forgetKeysSql = `
  delete from banyan.idempotency where key in (
    select key from banyan.idempotency where at < clock_timestamp() - interval '1 day'
    order by at limit 1000 for update skip locked)`
