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
/** From then on a read that takes so long has the member asked whether it lives. */
const doubtMs = 200

const nothing = (): void => {}

/** One read under way: how to take it away from the member. */
type UnderWay = { readonly sinceMs: number; leave: () => void }

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
  readonly #underWay = new Set<UnderWay>()
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
    return this.#underWay.size
  }

  /**
   * Runs a statement there, in a session that only reads. Null: it could not be asked there, or failed as it
   * need not on the primary. `life` is the one whose position was looked at.
   */
  async read(compiled: Compiled, life: string): Promise<pg.QueryResult | null> {
    const underWay: UnderWay = { sinceMs: performance.now(), leave: nothing }
    this.#underWay.add(underWay)
    try {
      const lease = this.#connections.tryTake() ?? (await this.#take(underWay))
      if (lease === null) return null
      return await this.#ask(lease, compiled, life, underWay)
    } finally {
      this.#underWay.delete(underWay)
    }
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
    for (const { leave } of [...this.#underWay]) leave()
  }

  async close(): Promise<void> {
    await Promise.all([this.wire.close(), this.#pool?.end()])
  }

  #isDoubted(nowMs: number): boolean {
    for (const { sinceMs } of this.#underWay) return nowMs - sinceMs > doubtMs
    return false
  }

  async #ask(
    lease: Lease,
    compiled: Compiled,
    life: string,
    underWay: UnderWay,
  ): Promise<pg.QueryResult | null> {
    const pool = this.#connections
    if (this.#lives.get(lease.client) !== life) {
      pool.give(lease, true)
      return null
    }
    underWay.leave = () => cut(lease.client)
    try {
      const result = await send(lease.client, compiled)
      pool.give(lease)
      const nowMs = performance.now()
      this.latency.observe(nowMs - underWay.sinceMs, nowMs)
      return result
    } catch (error) {
      pool.give(lease, error instanceof Lost)
      if (error instanceof Lost || isReplicaTrouble(error)) return null
      throw error
    }
  }

  /** A connection, or null: there is none, or the member was left meanwhile. */
  #take(underWay: UnderWay): Promise<Lease | null> {
    return new Promise((resolve) => {
      underWay.leave = () => resolve(null)
      let isLeft = true
      this.#connections.take((_error, lease) => {
        if (lease === null) resolve(null)
        else if (this.#underWay.has(underWay)) {
          isLeft = false
          resolve(lease)
        }
        if (isLeft && lease !== null) this.#connections.give(lease)
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
