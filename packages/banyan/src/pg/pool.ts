import pg from 'pg'
import { Followed } from '../cluster/followed.ts'
import { holdDefault } from '../data/shard.ts'
import { type RequestContext, requestContext } from '../log.ts'
import { isUsable } from '../pool/client.ts'
import { Connections } from '../pool/connections.ts'
import type { ConnectionsOptions, Lease, Place } from '../pool/connections-options.ts'
import type { ClientClass } from '../pool/open-client.ts'
import { isWatched, statementBegan, statementEnded } from '../telemetry/watch.ts'
import { textOf, watchClient } from '../telemetry/watch-client.ts'
import { withServer } from './environment.ts'
import { answer, type Callback, inContext } from './once.ts'
import { type Server, serverOf } from './server.ts'
import { WriteNotes, type Writer } from './write-notes.ts'

/** The options of node-postgres' pool, and how long requests are held while the server is away. */
export type PoolConfig = pg.PoolConfig & {
  /** While the server cannot be reached; `{ timeMs: 0 }` fails at once, as node-postgres does. */
  readonly hold?: { readonly countMax?: number; readonly timeMs?: number } | undefined
}

/** node-postgres' class, without the types of the members that are replaced below. */
const Base = pg.Pool as unknown as new (
  config?: pg.PoolConfig,
) => NodeJS.EventEmitter & {
  options: pg.PoolOptions & PoolConfig & { Promise?: PromiseConstructor }
  log: (...messages: unknown[]) => void
  Client: ClientClass
  Promise: PromiseConstructor
  ending: boolean
  ended: boolean
}

/** See {@link Pool}. Everything that node-postgres documents is replaced; nothing of its state is used. */
class BanyanPool extends Base {
  readonly #connections: Connections
  #forget: () => void = () => {}
  /** Null: what is written there is in nobody's session. */
  #notes: WriteNotes | null = null

  constructor(config: PoolConfig = {}) {
    super(withServer(config ?? {}))
    // An idle connection that breaks is replaced; a process is not ended for it.
    this.on('error', () => {})
    this.#connections = this.#follow(serverOf(this.options))
  }

  /** A pool that was told nothing stays at the primary, whichever member that is. */
  #follow({ place, follows, connectionsMax }: Server): Connections {
    const { options: own } = this
    if (connectionsMax !== null) own.max = Math.min(own.max, connectionsMax)
    if (follows === null) return new Connections(this.#connectionsOptions(place))
    const { use, placeOf } = follows
    const notes = new WriteNotes(use.cluster, connectionsMax ?? own.max)
    this.#notes = notes
    const followed = new Followed(use.cluster, placeOf)
    const options = this.#connectionsOptions(followed.place())
    this.#forget = () => {
      followed.forget()
      void notes.release().then(() => use.release())
    }
    return followed.lead(new Connections({ ...options, ...followed.hooks }))
  }

  #connectionsOptions(place: Place | null): ConnectionsOptions {
    const { options } = this
    const hold = { ...holdDefault, ...options.hold }
    return {
      Client: this.Client,
      place,
      max: options.max,
      min: options.min ?? 0,
      idleTimeoutMs: options.idleTimeoutMillis ?? 0,
      usesMax: options.maxUses,
      lifetimeMs: options.maxLifetimeSeconds * 1_000,
      allowExitOnIdle: options.allowExitOnIdle,
      attemptTimeoutMs: options.connectionTimeoutMillis || hold.timeMs,
      waitTimeoutMs: options.connectionTimeoutMillis ?? 0,
      hold,
      busyTimeoutMs: 0,
      observer: {
        connect: (client) => this.#tell('connect', client),
        acquire: (client) => this.#tell('acquire', client),
        release: (reason, client) => this.#tell('release', reason, client),
        remove: (client) => this.#tell('remove', client),
        error: (error, client) => this.#tell('error', Object.assign(error, { client }), client),
      },
      onConnect: (options.onConnect as ConnectionsOptions['onConnect']) ?? null,
      verify: (options.verify as unknown as ConnectionsOptions['verify']) ?? null,
    }
  }

  #tell(event: string, ...what: unknown[]): void {
    this.log(event)
    this.emit(event, ...what)
  }

  connect(callback?: Callback): unknown {
    const owner = requestContext.getStore()
    const { done, result } = answer(this.Promise, callback && inContext(owner, callback))
    this.#checkOut((error, lease) => {
      if (lease === null) done(error, undefined, () => {})
      else done(undefined, lease.client, this.#watch(lease, owner))
    })
    return result
  }

  /** Gives a usable client, never before the caller has returned. */
  #checkOut(taken: (error: unknown, lease: Lease | null) => void): void {
    let here = true
    const deliver = (error: unknown, lease: Lease | null): void => {
      if (here) {
        process.nextTick(deliver, error, lease)
        return
      }
      if (lease === null) taken(error, null)
      else if (isUsable(lease.client)) taken(null, this.#lend(lease))
      else {
        this.#connections.give(lease, true)
        this.#connections.take(deliver)
      }
    }
    this.#connections.take(deliver)
    here = false
  }

  /** Puts the function on the client with which it is given back, once. */
  #lend(lease: Lease): Lease {
    let given = false
    const client = lease.client as pg.PoolClient
    client.release = (reason) => {
      if (given) throw new Error(releasedMessage)
      given = true
      this.#connections.give(lease, reason)
    }
    return lease
  }

  /** What is written on a connection that somebody has for himself is noted until it is given back. */
  #watch(lease: Lease, owner: RequestContext | undefined): (reason?: Error | boolean) => void {
    const client = lease.client as pg.PoolClient
    if (this.#notes === null && !isWatched()) return client.release
    const forgetStatements = watchClient(client, owner)
    const forgetNotes = this.#notes?.watch(client, owner?.session)
    const { release } = client
    client.release = (reason) => {
      forgetNotes?.()
      forgetStatements()
      release(reason)
    }
    return client.release
  }

  query(text: unknown, values?: unknown, callback?: Callback): unknown {
    if (typeof text === 'function') return this.#refuse(text as Callback)
    const direct = typeof values === 'function' ? (values as Callback) : callback
    const parameters = typeof values === 'function' ? undefined : values
    const owner = requestContext.getStore()
    const { done, result } = answer(this.Promise, direct && inContext(owner, direct))
    const writer = this.#notes?.writerOf(text) ?? null
    this.#checkOut((error, lease) => {
      if (lease === null) done(error)
      else this.#run(lease, text, parameters, { writer, owner }, done)
    })
    return result
  }

  #refuse(callback: Callback): unknown {
    const { done, result } = answer(this.Promise, callback)
    const message = 'Passing a function as the first parameter to pool.query is not supported'
    setImmediate(() => done(new Error(message)))
    return result
  }

  #run(
    lease: Lease,
    text: unknown,
    values: unknown,
    { writer, owner }: { writer: Writer; owner: RequestContext | undefined },
    done: Callback,
  ): void {
    const client = lease.client as pg.PoolClient
    const seen = statementBegan(client, textOf(text), null, owner)
    let over = false
    const finish: Callback = (error, result) => {
      if (over) return
      over = true
      if (seen !== null) statementEnded(seen, error, result?.command)
      client.removeListener('error', finish)
      const noted = this.#notes?.answered(client, writer) ?? null
      client.release(isHarmless(error) ? undefined : error)
      const tell = (): void => (error ? done(error) : done(undefined, result))
      if (noted === null) tell()
      else void noted.then(tell)
    }
    client.once('error', finish)
    try {
      Reflect.apply(client.query, client, [text, values, finish])
    } catch (error) {
      finish(error)
    }
  }

  end(callback?: Callback): unknown {
    const { done, result } = answer(this.Promise, callback)
    if (this.ending) done(new Error('Called end on pool more than once'))
    else {
      this.ending = true
      void this.#connections.end().then(() => {
        this.#forget()
        this.ended = true
        done()
      })
    }
    return result
  }

  get totalCount(): number {
    return this.#connections.totalCount
  }

  get idleCount(): number {
    return this.#connections.idleCount
  }

  get waitingCount(): number {
    return this.#connections.waitingCount
  }

  get expiredCount(): number {
    return this.#connections.expiredCount
  }
}

const releasedMessage = 'Release called on client which has already been released to the pool.'

/** After an error of a statement the connection is as good as before. */
const isHarmless = (error: unknown): boolean =>
  !error ||
  (error instanceof pg.DatabaseError && error.severity !== 'FATAL' && error.severity !== 'PANIC')

/**
 * A drop-in for node-postgres' `Pool`. Without options it connects to the system's database, and
 * its connections count, together with those of `data`, against the process' share of the server.
 * While the server restarts, requests are held (1,000 of them for up to 5 s); nothing is sent twice.
 * Where it differs is listed in `docs/reference/pg-pool.md`.
 *
 * @example
 * import { Pool } from 'banyan/pg'
 * const pool = new Pool()
 * const { rows } = await pool.query('select * from plans where id = $1', [id])
 */
export const Pool = BanyanPool as unknown as new (config?: PoolConfig) => pg.Pool
export type Pool = pg.Pool
