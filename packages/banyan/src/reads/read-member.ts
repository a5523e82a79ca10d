import type { RuntimeMember } from '@banyan/model'
import type pg from 'pg'
import { readerConfig, targetOf, writerConfig } from '../cluster/member-address.ts'
import type { ShardCluster } from '../cluster/shard-cluster.ts'
import { budgetOf } from '../data/budgets.ts'
import { connectionsOptions } from '../data/connections-options.ts'
import { Lost, submit } from '../data/send.ts'
import type { Patience } from '../data/shard.ts'
import type { Compiled } from '../data/sql.ts'
import { lateAfter } from '../late-after.ts'
import { requestContext } from '../log.ts'
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
/** A read waits no longer for a connection; the connection is waited for, and is the next one's. */
const connectionsTimeoutMs = 5_000

/** A member that has given no answer for this long stands still: its reads are asked elsewhere. */
const silenceMs = 750
/** Reads are under way and none was answered for this long: it is asked whether it lives. */
const doubtMs = 200

/** An error, a result, or neither: the member gave no answer that counts. */
export type ReadDone = (error: unknown, result: pg.QueryResult | null) => void

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
  read(compiled: Compiled, life: string, done: ReadDone): void {
    const sinceMs = performance.now()
    this.latency.asked(sinceMs)
    const lease = this.#connections.tryTake()
    if (lease !== undefined) {
      this.#send(lease, compiled, life, sinceMs, done)
      return
    }
    // What it took to connect says nothing of what the next read takes.
    const taken = (lent: Lease | null): void => {
      if (lent === null) done(null, null)
      else this.#send(lent, compiled, life, performance.now(), done)
    }
    if (compiled.context === undefined) this.#take(taken)
    else requestContext.run(compiled.context, () => this.#take(taken))
  }

  #send(lease: Lease, compiled: Compiled, life: string, sinceMs: number, done: ReadDone): void {
    if (this.#lives.get(lease.client) !== life) {
      this.#connections.give(lease, true)
      done(null, null)
      return
    }
    this.#lent.add(lease)
    submit(lease.client, compiled, (error, result) => {
      this.#lent.delete(lease)
      this.#connections.give(lease, error instanceof Lost)
      if (result !== null) this.#answered(sinceMs)
      if (error instanceof Lost || isReplicaTrouble(error)) done(null, null)
      else done(error, result)
    })
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
  #take(taken: (lease: Lease | null) => void): void {
    const leave = (): void => {
      endWait()
      this.#waiting.delete(leave)
      taken(null)
    }
    this.#waiting.add(leave)
    // Where others are answered there are connections, and one of them is next.
    const endWait = lateAfter(connectTimeoutMs, () => {
      if (this.#lent.size === 0) leave()
    })
    this.#connections.take((_error, lease) => {
      endWait()
      if (this.#waiting.delete(leave)) taken(lease)
      else if (lease !== null) this.#connections.give(lease)
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
      use: 'replica',
      attemptTimeoutMs: connectionsTimeoutMs,
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
