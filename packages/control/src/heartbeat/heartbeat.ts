import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

/** Where the heartbeat is written, as the role that owns the schema `banyan`. Never an adopted server. */
export type HeartbeatTarget = {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string
}

export type Heartbeat = {
  /** Ends the writes. The longest pause is 0 only where not a single write was due. */
  stop(): Promise<{ readonly longestPauseMs: number }>
}

export const beatEveryMs = 20
/** A server that stands still is waited for; one whose network went away without a word is not. */
const answerMs = 2_000
const connectMs = 1_000

const makeTable = `create table if not exists banyan.heartbeat (
  id int primary key check (id = 1), beat_at timestamptz not null)`
const beat = {
  name: 'banyan-heartbeat',
  text: `insert into banyan.heartbeat values (1, clock_timestamp())
    on conflict (id) do update set beat_at = excluded.beat_at`,
}

/**
 * Writes one row every 20 ms, as long as a climb goes on, to learn for how long nobody could write.
 * A pause counts from the moment at which the first write that it held up was due, until a write is
 * acknowledged: what was due meanwhile would have waited too. Where to write is asked for each connection; null is a pause too, in
 * which nobody is asked. Nothing that happens to the server makes it fail; it tries again until it is stopped.
 *
 * @example
 * const heartbeat = startHeartbeat(() => target)
 * const { longestPauseMs } = await heartbeat.stop()
 */
export function startHeartbeat(target: () => HeartbeatTarget | null): Heartbeat {
  return new Beating(target)
}

class Beating implements Heartbeat {
  readonly #target: () => HeartbeatTarget | null
  readonly #stopping = new AbortController()
  readonly #loop: Promise<void>
  #client: Client | null = null
  /** When the oldest write that is not acknowledged was due; null between two writes. */
  #dueAtMs: number | null = null
  #longestPauseMs = 0

  constructor(target: () => HeartbeatTarget | null) {
    this.#target = target
    this.#loop = this.#run()
  }

  async stop(): Promise<{ readonly longestPauseMs: number }> {
    // What waits now has been waiting.
    this.#note()
    this.#stopping.abort()
    this.#drop()
    await this.#loop
    return { longestPauseMs: Math.round(this.#longestPauseMs * 10) / 10 }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    // The first beat is due once there is a connection: to make one is no pause of the writes.
    await this.#connect().catch(() => this.#drop())
    let nextAtMs = performance.now()
    while (!signal.aborted) {
      this.#dueAtMs ??= nextAtMs
      const acknowledged = await this.#beat()
      if (signal.aborted) return
      if (acknowledged) {
        this.#note()
        this.#dueAtMs = null
      }
      nextAtMs += beatEveryMs
      // Beats that were due in a pause are in it; they are not made up for.
      const behindMs = performance.now() - nextAtMs
      if (behindMs > 0) nextAtMs += Math.ceil(behindMs / beatEveryMs) * beatEveryMs
      await sleep(nextAtMs - performance.now(), null, { signal }).catch(() => {})
    }
  }

  #note(): void {
    if (this.#dueAtMs === null) return
    const pauseMs = performance.now() - this.#dueAtMs
    this.#longestPauseMs = Math.max(this.#longestPauseMs, pauseMs)
  }

  async #beat(): Promise<boolean> {
    try {
      const client = this.#client ?? (await this.#connect())
      if (client === null) return false
      await client.query(beat)
      return true
    } catch {
      this.#drop()
      return false
    }
  }

  async #connect(): Promise<Client | null> {
    const target = this.#target()
    if (target === null) return null
    const client = new Client({
      ...target,
      application_name: 'banyan heartbeat',
      connectionTimeoutMillis: connectMs,
      query_timeout: answerMs,
      keepAlive: true,
    })
    // It is set before it is there, so that a stop in the meantime ends it.
    this.#client = client
    client.on('error', () => {})
    await client.connect()
    await client.query(makeTable)
    return client
  }

  #drop(): void {
    const client = this.#client
    this.#client = null
    // With a write under way this cuts the connection; it waits for nobody's answer.
    client?.end().catch(() => {})
  }
}
