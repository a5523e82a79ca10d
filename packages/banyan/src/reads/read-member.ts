import type { RuntimeMember } from '@banyan/model'
import type pg from 'pg'
import { readerConfig, targetOf, writerConfig } from '../cluster/member-address.ts'
import type { ShardCluster } from '../cluster/shard-cluster.ts'
import { budgetOf } from '../data/budgets.ts'
import { connectionsOptions } from '../data/connections-options.ts'
import { Lost, send } from '../data/send.ts'
import type { Patience } from '../data/shard.ts'
import type { Compiled } from '../data/sql.ts'
import { cut } from '../pool/client.ts'
import { Connections } from '../pool/connections.ts'
import type { Lease } from '../pool/connections-options.ts'
import { Latency } from './latency.ts'
import { lifeSql } from './position-sql.ts'
import { PositionWire } from './position-wire.ts'
import { ReplayTracker } from './replay-tracker.ts'
import { isReplicaTrouble } from './replica-trouble.ts'

/** A replica answers or does not; whoever waits for it goes elsewhere. */
const nothingHeld = { countMax: 0, timeMs: 0 }
const connectTimeoutMs = 1_000

/** A member that has given no answer for this long stands still: its reads are asked elsewhere. */
const silenceMs = 750
/** Reads are under way and none was answered for this long: it is asked whether it lives. */
const doubtMs = 200

/** One member as reads see it: where it is, what its reads take, and the connections for them. */
export class ReadMember {
  readonly member: RuntimeMember
  readonly wire: PositionWire
  readonly tracker: ReplayTracker
  readonly latency = new Latency()
  readonly #shard: ShardCluster['shard']
  readonly #connectionsMax: number
  readonly #patience: Patience
  readonly #lives = new WeakMap<pg.ClientBase, string>()
  /** Connections on which a read is under way. */
  readonly #lent = new Set<Lease>()
  /** How to send away whoever waits for a connection. */
  readonly #waiting = new Set<() => void>()
  #answeredMs = 0
  #pool: Connections | null = null
  #life: string | null = null

  constructor(
    { shard }: ShardCluster,
    member: RuntimeMember,
    connectionsMax: number,
    patience: Patience,
  ) {
    this.member = member
    this.#shard = shard
    this.#connectionsMax = connectionsMax
    this.#patience = patience
    const termIsRow = shard.foreign !== true
    this.wire = new PositionWire({
      config: {
        ...writerConfig(shard, member),
        application_name: 'banyan positions',
        keepAlive: true,
      },
      termIsRow,
      connectTimeoutMs,
      changed: () => this.#wireChanged(),
    })
    this.tracker = new ReplayTracker({
      termIsRow,
      ask: (asked) => this.wire.ask(asked),
      now: () => performance.now(),
      later: (call, delayMs) => void setTimeout(call, delayMs),
    })
  }

  get inFlight(): number {
    return this.#lent.size + this.#waiting.size
  }

  /**
   * Runs a statement there, in a session that only reads. Null: it could not be asked there, or failed as it
   * need not on the primary. `life` is the one whose position was looked at.
   */
  async read(compiled: Compiled, life: string): Promise<pg.QueryResult | null> {
    const sinceMs = performance.now()
    const pool = this.#connections
    const lease = pool.tryTake() ?? (await this.#take())
    if (lease === null) return null
    if (this.#lives.get(lease.client) !== life) {
      pool.give(lease, true)
      return null
    }
    this.#lent.add(lease)
    try {
      const result = await send(lease.client, compiled)
      this.#lent.delete(lease)
      pool.give(lease)
      this.#answered(sinceMs)
      return result
    } catch (error) {
      this.#lent.delete(lease)
      pool.give(lease, error instanceof Lost)
      if (error instanceof Lost || isReplicaTrouble(error)) return null
      throw error
    }
  }

  #answered(sinceMs: number): void {
    const nowMs = performance.now()
    this.#answeredMs = nowMs
    this.latency.observe(nowMs - sinceMs, nowMs)
  }

  /** Looks after it now and then: opens what is closed, and gives up on what stands still. */
  tend(nowMs: number): void {
    this.wire.open()
    const { waitingSinceMs } = this.wire
    if (waitingSinceMs > 0 && nowMs - waitingSinceMs > silenceMs) this.leave()
    else if (!this.tracker.keepsUp || this.#isDoubted(nowMs)) this.tracker.refresh()
  }

  /** Takes every read away from it, and asks again whether it lives. */
  leave(): void {
    this.wire.cut()
    for (const { client } of [...this.#lent]) cut(client)
    for (const leave of [...this.#waiting]) leave()
  }

  async close(): Promise<void> {
    await Promise.all([this.wire.close(), this.#pool?.end()])
  }

  #isDoubted(nowMs: number): boolean {
    return this.inFlight > 0 && nowMs - this.#answeredMs > doubtMs
  }

  /** A connection, or null: there is none, or the member was left meanwhile. */
  #take(): Promise<Lease | null> {
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#waiting.delete(leave)
        resolve(null)
      }
      this.#waiting.add(leave)
      this.#connections.take((_error, lease) => {
        if (this.#waiting.delete(leave)) resolve(lease)
        else if (lease !== null) this.#connections.give(lease)
      })
    })
  }

  get #connections(): Connections {
    this.#pool ??= new Connections({
      ...connectionsOptions(
        this.#connectionsMax,
        { ...this.#patience, hold: nothingHeld },
        {
          config: { ...readerConfig(this.#shard, this.member), keepAlive: true },
          target: targetOf(this.#shard, this.member),
          budget: budgetOf(this.#shard, this.member, this.#connectionsMax),
        },
      ),
      attemptTimeoutMs: connectTimeoutMs,
      examine: (client) => this.#examine(client),
    })
    return this.#pool
  }

  async #examine(client: pg.Client): Promise<boolean> {
    const { rows } = await client.query<{ life: string }>(lifeSql)
    this.#lives.set(client, rows[0]?.life ?? '')
    return true
  }

  #wireChanged(): void {
    if (!this.wire.isOpen) return
    if (this.wire.life !== this.#life) this.tracker.forget()
    this.#life = this.wire.life
    this.tracker.refresh()
  }
}
