import { BanyanError, type RuntimeMember } from '@banyan/model'
import pg from 'pg'
import { Followed } from '../cluster/followed.ts'
import { readerConfig, targetOf, writerConfig } from '../cluster/member-address.ts'
import type { ShardCluster } from '../cluster/shard-cluster.ts'
import { requestContext } from '../log.ts'
import { Connections } from '../pool/connections.ts'
import type { Lease } from '../pool/connections-options.ts'
import { currentSession } from '../reads/caller.ts'
import { type Level, readsByLevel } from '../reads/counts.ts'
import { type ReadsUse, useReads } from '../reads/shared-reads.ts'
import { isWatched } from '../telemetry/watch.ts'
import { budgetOf } from './budgets.ts'
import { connectionsOptions } from './connections-options.ts'
import { Lost, send, sendReadOnly, showCaller } from './send.ts'
import type { Compiled } from './sql.ts'
import type { Consistency, Row } from './types.ts'

/** Requests held, and for how long each, while the database cannot be reached. */
export type Hold = { readonly countMax: number; readonly timeMs: number }

export const holdDefault: Hold = { countMax: 1_000, timeMs: 5_000 }

/** How long a request waits while the database is well and every connection busy. */
export const busyTimeoutDefaultMs = 30_000

export type Patience = { readonly hold: Hold; readonly busyTimeoutMs: number }

/** A read that ended three servers or connections is not given a fourth. */
export const sendsMax = 3

/** One shard, as this process reaches it: a pool that may write, and one whose sessions only read. */
export class Shard {
  readonly name: string
  readonly cluster: ShardCluster
  /** Leads to the primary, whichever member that is. */
  readonly writer: Connections
  /** The same, in sessions that only read. */
  readonly reader: Connections

  readonly #pooled: boolean
  readonly #reads: ReadsUse
  readonly #followed: readonly Followed[]

  constructor(cluster: ShardCluster, connectionsMax: number, patience: Patience) {
    const { shard } = cluster
    this.name = shard.name
    this.cluster = cluster
    this.#pooled = shard.pooled === true
    const at = (config: typeof writerConfig) => (member: RuntimeMember) => ({
      config: { ...config(shard, member), keepAlive: true },
      target: targetOf(shard, member),
      budget: budgetOf(shard, member, connectionsMax),
    })
    const writer = new Followed(cluster, at(writerConfig))
    const reader = new Followed(cluster, at(readerConfig))
    this.#followed = [writer, reader]
    this.writer = writer.lead(connections('write', connectionsMax, patience, writer))
    this.reader = reader.lead(connections('read', connectionsMax, patience, reader))
    this.#reads = useReads(cluster, connectionsMax, patience)
  }

  /** Runs a statement that only reads, on a replica where one may answer it, else on the primary. */
  async read<R = Row>(compiled: Compiled, level: Consistency = 'strong'): Promise<R[]> {
    const { reads } = this.#reads
    const name = typeof level === 'object' ? 'snapshot' : level
    if (!reads.hasReplicas || name === 'snapshot') return await this.#readPrimary(compiled, name)
    const sinceMs = name === 'strong' ? reads.come() : null
    try {
      if (sinceMs !== null) return await this.#readPrimary(compiled, 'strong')
      return (await reads.read(owned(compiled), name, this.#askPrimary[name])) as R[]
    } catch (error) {
      throw explain(error)
    } finally {
      if (sinceMs !== null) reads.answered(sinceMs)
    }
  }

  readonly #askPrimary = {
    strong: (compiled: Compiled): Promise<unknown[]> => this.#readPrimary(compiled, 'strong'),
    session: (compiled: Compiled): Promise<unknown[]> => this.#readPrimary(compiled, 'session'),
    eventual: (compiled: Compiled): Promise<unknown[]> => this.#readPrimary(compiled, 'eventual'),
  }

  /** Runs a statement in a session that only reads. Whatever is lost on the way is asked again. */
  async #readPrimary<R = Row>(compiled: Compiled, level: Level): Promise<R[]> {
    for (let sends = 1; ; sends += 1) {
      const lease = this.reader.tryTake() ?? (await this.reader.lease())
      try {
        const { rows } = await (this.#pooled ? sendReadOnly : send)(lease.client, compiled)
        this.reader.give(lease)
        readsByLevel[level].primary += 1
        return rows as R[]
      } catch (error) {
        this.reader.give(lease, error instanceof Lost)
        if (!(error instanceof Lost)) throw explain(error)
        if (error.sent && sends >= sendsMax) throw unreadable(error, sends)
        if (!error.sent) sends -= 1
      }
    }
  }

  /** Runs one statement that commits by itself. Asked again only when it never left. */
  async write<R = Row>(compiled: Compiled): Promise<R[]> {
    for (;;) {
      const lease = this.writer.tryTake() ?? (await this.writer.lease())
      try {
        const { rows } = await send(lease.client, compiled)
        this.writer.give(lease)
        const noted = this.noteWrite()
        if (noted !== null) await noted
        return rows as R[]
      } catch (error) {
        this.writer.give(lease, error instanceof Lost)
        if (!(error instanceof Lost)) throw explain(error)
        if (error.sent) throw outcomeUnknown('a statement', error)
      }
    }
  }

  /** A connection that may write, for as long as the caller needs it. */
  async leaseWriter(): Promise<Lease> {
    return this.writer.tryTake() ?? (await this.writer.lease())
  }

  /** After a commit: the caller's session learns where it lies. Null: nobody keeps one. */
  noteWrite(): Promise<void> | null {
    const session = currentSession()
    return session === undefined ? null : this.#reads.reads.noteWrite(session)
  }

  async close(): Promise<void> {
    await Promise.all([this.writer.end(), this.reader.end(), this.#reads.release()])
    for (const followed of this.#followed) followed.forget()
  }
}

/** Reads that wait together are sent together, by whoever comes last: each keeps whose it is. */
const owned = (compiled: Compiled): Compiled =>
  isWatched() ? { ...compiled, context: requestContext.getStore() } : compiled

const connections = (
  use: string,
  connectionsMax: number,
  patience: Patience,
  followed: Followed,
): Connections =>
  new Connections({
    ...connectionsOptions(connectionsMax, patience, followed.place()),
    ...followed.hooks,
    use,
  })

/** PostgreSQL's own error, with what to do about it where that is known. */
export function explain(error: unknown): unknown {
  showCaller(error)
  if (!(error instanceof pg.DatabaseError)) return error
  if (error.code === '25006') {
    error.hint ??=
      'Reads run in a session that cannot write. Use `write`, or `transaction`, for a statement that does.'
  }
  return error
}

/** A write was sent, and the connection was gone before its answer came. */
export const outcomeUnknown = (what: string, lost: Lost): BanyanError =>
  new BanyanError(
    'BANYAN_OUTCOME_UNKNOWN',
    `The connection was lost after ${what} was sent: it may have been done, or not.`,
    {
      hint: 'Read back what it was to write before doing it again, or make it safe to repeat (`idempotencyKey`, a key made by the caller, ON CONFLICT).',
      cause: lost.cause,
    },
  )

export const unreadable = (lost: Lost, sends: number): BanyanError =>
  new BanyanError(
    'BANYAN_DATABASE_UNAVAILABLE',
    `A read was sent ${sends} times, and each time the connection was lost.`,
    {
      hint: 'The log of the database node (`banyan logs`) says why its connections end.',
      cause: lost.cause,
      details: { retryAfterMs: 1_000 },
    },
  )
