import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type ClientConfig } from 'pg'

/** A session that has what a migration waits for. */
export type Holder = { readonly pid: number; readonly words: string }

/** What was seen while a migration's transaction ran. */
export type Seen = {
  /** The relation that it waited for last, and who had it. */
  readonly relation: string | null
  readonly mode: string | null
  readonly holders: readonly Holder[]
  /** A session that waited too long for the migration, which was cancelled for that. */
  readonly heldUp: string | null
}

export type Sight = { end(): Promise<Seen> }

type Wait = {
  readonly pid: number
  readonly mine: boolean
  readonly mode: string
  readonly relation: string | null
  readonly waitedMs: number
  readonly blockers: readonly number[]
  readonly words: string
}

const firstLookMs = 15
const busyLookMs = 100

/**
 * Looks from a second connection at who waits for whom while a migration runs: its own is busy. It
 * connects with the first look, so that what is quick needs no second connection.
 */
export class Watch {
  readonly #config: ClientConfig
  #client: Promise<Client> | null = null

  constructor(config: ClientConfig) {
    this.#config = config
  }

  /** Watches a session; cancels what it runs when somebody has waited for it longer than `heldUpMs`. */
  begin(pid: number, heldUpMs: number | null): Sight {
    const ending = new AbortController()
    const seen = { relation: null, mode: null, holders: [], heldUp: null } as Mutable<Seen>
    const looking = this.#look(pid, heldUpMs, seen, ending.signal)
    return {
      end: async () => {
        ending.abort()
        // A cancel that is on its way must not hit the next statement.
        await looking
        return seen
      },
    }
  }

  /** Returns when none of them is in the transaction that it was in, or the time is over. */
  async untilGone(
    holders: readonly Holder[],
    longestMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const options = signal === undefined ? {} : { signal }
    const before = await this.#transactionsOf(holders)
    const endMs = performance.now() + longestMs
    do {
      await sleep(Math.min(busyLookMs, longestMs), undefined, options)
      const now = await this.#transactionsOf(holders)
      if (before !== null && !before.some((transaction) => now?.includes(transaction))) return
    } while (performance.now() < endMs)
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => null)
    await client?.end().catch(() => {})
  }

  async #look(
    pid: number,
    heldUpMs: number | null,
    seen: Mutable<Seen>,
    signal: AbortSignal,
  ): Promise<void> {
    const began = performance.now()
    for (;;) {
      const isLong = performance.now() - began > 1_000
      const isOver = await sleep(isLong ? busyLookMs : firstLookMs, false, { signal }).catch(
        () => true,
      )
      if (isOver) return
      // Looking is help, and no condition: without it locks are waited for all the same.
      const waits = await this.#waits(pid).catch(() => [])
      const [own] = waits.filter(({ mine }) => mine)
      if (own !== undefined) {
        const holders = await this.#describe(own.blockers).catch(() => [])
        Object.assign(seen, { relation: own.relation, mode: own.mode, holders })
      }
      const [held] = waits.filter(
        ({ mine, waitedMs }) => !mine && waitedMs > (heldUpMs ?? Infinity),
      )
      if (held === undefined || signal.aborted || own !== undefined) continue
      seen.heldUp = `${held.words} waited ${Math.round(held.waitedMs)} ms for ${held.relation ?? 'its rows'}`
      await this.#query('select pg_cancel_backend($1)', [pid]).catch(() => {})
      return
    }
  }

  async #waits(pid: number): Promise<Wait[]> {
    return await this.#query<Wait>(waitsSql, [pid])
  }

  async #describe(pids: readonly number[]): Promise<Holder[]> {
    return await this.#query<Holder>(holdersSql, [pids])
  }

  /** Null when it cannot be known. */
  async #transactionsOf(holders: readonly Holder[]): Promise<string[] | null> {
    if (holders.length === 0) return null
    const rows = await this.#query<{ transaction: string }>(transactionsSql, [
      holders.map(({ pid }) => pid),
    ]).catch(() => null)
    return rows === null ? null : rows.map(({ transaction }) => transaction)
  }

  async #query<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> {
    this.#client ??= connect(this.#config)
    const client = await this.#client
    const { rows } = await client.query<Row>({ text, values: [...values] })
    return rows
  }
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

async function connect(config: ClientConfig): Promise<Client> {
  const client = new Client({
    ...config,
    application_name: 'banyan migrations watch',
    connectionTimeoutMillis: 5_000,
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

/**
 * Who waits for the migration to read or to write, and for what the migration waits. Who wants to alter
 * a table, or to vacuum it, may wait for as long as an index is built. `pg_blocking_pids` stops the lock
 * manager for a moment, so that it is asked of those only who wait.
 */
const waitsSql = `
  with waiting as materialized (
    select pid, mode, locktype, relation, waitstart from pg_locks where not granted
  )
  select w.pid, w.pid = $1 as mine, w.mode,
    case when w.locktype = 'relation' then w.relation::regclass::text end as relation,
    coalesce(extract(epoch from clock_timestamp() - w.waitstart) * 1000, 0)::float8 as "waitedMs",
    b.blockers, concat('session ', w.pid, ' (', concat_ws(', ', a.usename, nullif(a.application_name, '')), ')') as words
  from waiting w join pg_stat_activity a on a.pid = w.pid,
    lateral (select pg_blocking_pids(w.pid) as blockers) b
  where a.datname = current_database()
    and (w.pid = $1 or ($1 = any (b.blockers) and coalesce(a.backend_type, 'client backend') = 'client backend'
      and (w.locktype in ('transactionid', 'tuple')
        or w.mode in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock'))))
  order by w.waitstart`

const holdersSql = `
  select pid, concat(
    case when backend_type is null or backend_type = 'client backend' then 'session' else backend_type end,
    ' ', pid, ' (', concat_ws(', ', usename, nullif(application_name, ''), state,
      case when xact_start is not null
        then concat('its transaction ', round(extract(epoch from clock_timestamp() - xact_start)), ' s old') end,
      nullif(left(regexp_replace(query, '\\s+', ' ', 'g'), 100), '')), ')') as words
  from pg_stat_activity where pid = any ($1::int[]) order by pid`

const transactionsSql = `
  select concat(l.pid, ' ', l.virtualxid) as transaction from pg_locks l
  where l.locktype = 'virtualxid' and l.granted and l.pid = any ($1::int[])`
