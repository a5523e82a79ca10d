import type pg from 'pg'
import { waitBegan, waitEnded } from '../telemetry/watch.ts'
import { Ahead } from './ahead.ts'
import type { BudgetMember } from './budget.ts'
import {
  endClient,
  isLeftInTransaction,
  isUsable,
  isWorking,
  keepAwake,
  letExit,
} from './client.ts'
import type { ConnectionsOptions, Lease, Place, Taken } from './connections-options.ts'
import { isPassing } from './failures.ts'
import { IdleLeases } from './idle-leases.ts'
import { watchInDoubt } from './in-doubt.ts'
import { examineClient, prepareClient } from './new-client.ts'
import { openClient } from './open-client.ts'
import { poolEnded, poolOpened } from './open-pools.ts'
import { Patience, type Standing } from './patience.ts'
import { Recovery } from './recovery.ts'
import { ended } from './refusals.ts'
import { Waiters } from './waiters.ts'

const clock = (): number => performance.now()

/**
 * The connections of one process to one server at a time. Requests wait in one queue, and whichever
 * connection is free first takes the oldest. While the server is away they are held, within
 * bounds, and one careful attempt at a time looks for it. When another server takes its place
 * (`moveTo`), whoever waits goes on there, and no connection to the old one is used again.
 */
export class Connections implements BudgetMember {
  readonly options: ConnectionsOptions
  readonly #now: () => number
  readonly #recovery: Recovery
  readonly #leases = new Set<Lease>()
  readonly #idle: IdleLeases
  readonly #waiters = new Waiters<Taken>()
  readonly #patience: Patience
  #place: Place | null
  #paused = false
  /** Requests that found an idle connection. */
  immediate = 0
  /** Since when nothing is lent, because nobody is there to connect to, or by request. */
  #withheldSince: number | null = null
  #ahead: Ahead | null = null
  #attempts = 0
  #sockets = 0
  #retryTimer: NodeJS.Timeout | undefined
  #ending: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null
  ended = false

  constructor(options: ConnectionsOptions) {
    this.options = options
    this.#now = options.now ?? clock
    this.#recovery = new Recovery(options.random)
    const { idleTimeoutMs, allowExitOnIdle } = options
    this.#idle = new IdleLeases(idleTimeoutMs, allowExitOnIdle, () => this.#sweep())
    this.#patience = new Patience(
      options,
      this.#now,
      this.#waiters,
      () => this.#standing,
      () => this.#finish(),
    )
    this.#place = options.place
    this.#place?.budget?.join(this)
    this.#withhold()
    poolOpened(this)
  }

  /** What it is called where pools are counted. */
  get name(): string {
    return `${this.options.use ?? 'pool'} ${this.#place?.target ?? 'nowhere'}`
  }

  /** The server that it leads to; null: none. */
  get place(): Place | null {
    return this.#place
  }

  /**
   * Leads to another server from now on, or to none: then requests wait. Connections to the old one are
   * closed, also those in use: what they would still tell need not hold any more.
   */
  moveTo(place: Place | null): void {
    if (place === this.#place || this.ended) return
    this.#place?.budget?.leave(this)
    poolEnded(this)
    this.#place = place
    poolOpened(this)
    place?.budget?.join(this)
    while (this.closeIdle());
    for (const lease of [...this.#leases]) this.#discard(lease)
    this.#attempts = 0
    clearTimeout(this.#retryTimer)
    this.#retryTimer = undefined
    this.#recovery.moved(this.#now())
    if (place !== null) this.#adopt(place)
    this.#withhold()
    this.#pump()
    this.#finish()
  }

  /** It is about to be led there (null: it is not): a few connections are opened ahead. */
  expect(place: Place | null): void {
    if (place?.target === this.#ahead?.place.target) return
    this.#forgetAhead()
    if (place === null || place.target === this.#place?.target) return
    if (this.#ending !== null || this.#leases.size === 0) return
    place.budget?.join(this)
    const { Client, attemptTimeoutMs: timeoutMs } = this.options
    this.#ahead = new Ahead({
      Client,
      place,
      timeoutMs,
      count: Math.min(aheadMax, this.#leases.size),
      claim: () => {
        const may = place.budget?.claim(this) ?? true
        if (may) this.#sockets += 1
        return may
      },
      closed: () => this.#closed(place),
    })
    this.#shed(spareMs)
  }

  /** A server that is about to stop ends what is connected to it first, one after the other, while everybody waits. */
  #shed(idleMs: number): void {
    const now = this.#now()
    for (;;) {
      const lease = this.#idle.shiftExpired(now, idleMs)
      if (lease === undefined) return
      this.#discard(lease)
    }
  }

  #forgetAhead(): void {
    const ahead = this.#ahead
    if (ahead === null) return
    this.#ahead = null
    ahead.close()
    if (ahead.place.budget !== this.#place?.budget) ahead.place.budget?.leave(this)
  }

  /** What was opened ahead is examined like any other, without a pause. */
  #adopt(place: Place): void {
    if (this.#ahead?.place.target === place.target) {
      const clients = this.#ahead.take()
      this.#ahead = null
      for (const client of clients) {
        this.#attempts += 1
        this.#examine(place, this.#now(), client)
      }
    } else this.#forgetAhead()
  }

  /** Lends nothing until `resume`; what is lent already goes on. */
  pause(): void {
    this.#paused = true
    this.#withhold()
    if (this.#ahead !== null) this.#shed(0)
  }

  resume(): void {
    this.#paused = false
    this.#withhold()
    for (;;) {
      if (this.#paused || this.#waiters.size === 0) break
      const lease = this.tryTake()
      if (lease === undefined) break
      this.#waiters.shift()?.taken(null, lease)
    }
    this.#pump()
  }

  #withhold(): void {
    const withheld = this.#paused || this.#place === null
    this.#withheldSince = withheld ? (this.#withheldSince ?? this.#now()) : null
  }

  get waitingCount(): number {
    return this.#waiters.size
  }

  get idleCount(): number {
    return this.#idle.size
  }

  get totalCount(): number {
    return this.#leases.size + this.#attempts
  }

  get expiredCount(): number {
    let count = 0
    for (const lease of this.#leases) if (lease.expired) count += 1
    return count
  }

  get ending(): boolean {
    return this.#ending !== null
  }

  /** An idle connection, at once, or undefined. */
  tryTake(): Lease | undefined {
    if (this.#ending !== null || this.#withheldSince !== null) return undefined
    for (;;) {
      const lease = this.#idle.pop()
      if (lease === undefined) return undefined
      if (isUsable(lease.client)) {
        this.immediate += 1
        return this.#lend(lease)
      }
      this.#discard(lease)
    }
  }

  /** A connection, as soon as there is one. `taken` may be called before this returns. */
  take(taken: Taken): void {
    if (this.#ending !== null) {
      taken(ended(), null)
      return
    }
    const lease = this.tryTake()
    if (lease !== undefined) {
      taken(null, lease)
      return
    }
    if (this.#downSince !== null && this.#waiters.size >= this.options.hold.countMax) {
      taken(this.#patience.tooMany(), null)
      return
    }
    this.options.wanted?.()
    this.#patience.enqueue(this.#watched(taken))
    this.#pump()
  }

  #watched(taken: Taken): Taken {
    const seen = waitBegan(this.name)
    if (seen === null) return taken
    return (error, lease) => {
      waitEnded(seen, error)
      taken(error, lease)
    }
  }

  /** The promise form of `take`. */
  lease(): Promise<Lease> {
    return new Promise((resolve, reject) => {
      this.take((error, lease) => (lease === null ? reject(error) : resolve(lease)))
    })
  }

  /**
   * Gives a connection back; with a reason it is closed. One whose statement still runs is nobody's
   * until that is done: only then it is known whether it was left inside a transaction.
   */
  give(lease: Lease, reason?: unknown): void {
    lease.uses += 1
    this.options.observer.release?.(reason, lease.client)
    if (reason || !isUsable(lease.client)) {
      this.#discard(lease)
      this.#pump()
    } else if (isWorking(lease.client)) {
      lease.finishing = true
      lease.client.once('drain', () => this.#reuse(lease))
    } else this.#reuse(lease)
  }

  /** Hands a free connection to whoever waits, or lays it aside. */
  #reuse(lease: Lease): void {
    if (!this.#leases.has(lease)) return
    lease.finishing = false
    if (this.#isSpent(lease)) {
      this.#discard(lease)
      this.#pump()
      return
    }
    const waiter = this.#withheldSince === null ? this.#waiters.shift() : undefined
    if (waiter === undefined) this.#rest(lease)
    else waiter.taken(null, this.#lend(lease))
  }

  /** Refuses new requests, serves those that wait, and is done when every socket is closed. */
  end(): Promise<void> {
    if (this.#ending === null) {
      this.#ending = Promise.withResolvers<void>()
      this.#idle.unwatch()
      this.#forgetAhead()
      while (this.closeIdle());
      this.#finish()
    }
    return this.#ending.promise
  }

  closeIdle(): boolean {
    const lease = this.#idle.shift()
    if (lease === undefined) return false
    this.#discard(lease)
    return true
  }

  retry(): void {
    this.#pump()
  }

  #isSpent(lease: Lease): boolean {
    return (
      lease.expired ||
      lease.uses >= this.options.usesMax ||
      (this.#ending !== null && this.#waiters.size === 0) ||
      !isUsable(lease.client) ||
      isLeftInTransaction(lease.client) ||
      lease.place !== this.#place ||
      // One that was just opened serves whoever it was opened for, or all would make way for all for ever.
      (lease.uses > 0 && lease.place.budget?.mustYield(this) === true)
    )
  }

  #lend(lease: Lease): Lease {
    if (this.options.allowExitOnIdle) keepAwake(lease.client)
    this.options.observer.acquire?.(lease.client)
    return lease
  }

  #rest(lease: Lease): void {
    if (this.options.allowExitOnIdle) letExit(lease.client)
    this.#idle.push(lease, this.#now())
  }

  /** Closes what was idle for too long. */
  #sweep(): void {
    const now = this.#now()
    const { min } = this.options
    while (this.#leases.size > min) {
      const lease = this.#idle.shiftExpired(now)
      if (lease === undefined) break
      this.#discard(lease)
    }
    if (this.#leases.size > min) this.#idle.watch(now)
  }

  #discard(lease: Lease): void {
    if (!this.#leases.delete(lease)) return
    endClient(lease.client, () => {
      this.options.observer.remove?.(lease.client)
    })
  }

  /** Opens as many connections as are wanted and allowed now. */
  #pump(): void {
    const { max } = this.options
    const place = this.#place
    if (place === null || this.#paused) return
    while (this.#waiters.size > this.#attempts && this.totalCount < max) {
      if (this.#attempts >= this.#recovery.width) return
      const pauseMs = this.#recovery.notBefore - this.#now()
      if (pauseMs > 0) {
        this.#pumpLater(pauseMs)
        return
      }
      if (place.budget !== null && !place.budget.claim(this)) return
      this.#open(place)
    }
  }

  #pumpLater(pauseMs: number): void {
    if (this.#retryTimer !== undefined) return
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined
      this.#pump()
    }, pauseMs)
  }

  #open(place: Place): void {
    this.#attempts += 1
    this.#sockets += 1
    const since = this.#now()
    const { Client, attemptTimeoutMs: timeoutMs } = this.options
    openClient(
      { Client, config: place.config, timeoutMs },
      (error, client) => {
        if (client === null) this.#failed(place, since, error)
        else this.#examine(place, since, client)
      },
      () => this.#closed(place),
    )
  }

  #closed({ budget }: Place): void {
    this.#sockets -= 1
    budget?.giveBack(this)
    this.#finish()
  }

  #examine(place: Place, since: number, client: pg.Client): void {
    // What a server says that was left meanwhile would be taken for what the next one says.
    if (place !== this.#place) {
      this.#unfit(place, since, client, null)
      return
    }
    examineClient(client, this.options, (error) => {
      if (error === null) this.#prepare(place, client)
      else this.#unfit(place, since, client, error)
    })
  }

  #unfit(place: Place, since: number, client: pg.Client, error: unknown): void {
    endClient(client, () => {})
    this.#failed(place, since, error)
  }

  /** Runs the hooks of a new connection. */
  #prepare(place: Place, client: pg.Client): void {
    if (place !== this.#place) {
      this.#unfit(place, 0, client, null)
      return
    }
    this.#recovery.succeeded(this.options.max)
    const lease = { client, place, uses: 0, idleSince: 0, expired: false, finishing: false }
    client.on('error', (error) => this.#lost(lease, error))
    watchInDoubt(client)
    prepareClient(client, this.options, (error) => {
      if (error) this.#refused(lease, error)
      else this.#ready(lease)
    })
  }

  #ready(lease: Lease): void {
    if (lease.place !== this.#place) {
      this.#unfit(lease.place, 0, lease.client, null)
      return
    }
    this.#attempts -= 1
    this.#leases.add(lease)
    this.#limitLifetime(lease)
    this.#reuse(lease)
    this.#pump()
  }

  /** A hook refused the connection, which is the error of the request that it was opened for. */
  #refused(lease: Lease, error: unknown): void {
    if (lease.place !== this.#place) {
      this.#unfit(lease.place, 0, lease.client, null)
      return
    }
    this.#attempts -= 1
    endClient(lease.client, () => {})
    this.#waiters.shift()?.taken(error, null)
    this.#pump()
  }

  #failed(place: Place, since: number, error: unknown): void {
    // An attempt to reach a server that is not wanted any more is nobody's.
    if (place !== this.#place) return
    this.#attempts -= 1
    if (this.options.hold.timeMs > 0 && isPassing(error)) {
      this.options.troubled?.()
      this.#recovery.failed(since, this.#now(), error)
      this.#patience.sendAway()
    } else {
      this.#waiters.shift()?.taken(error, null)
    }
    this.#pump()
    this.#finish()
  }

  /** An established connection broke. Whoever uses it learns it from the statement. */
  #lost(lease: Lease, error: Error): void {
    if (!this.#leases.has(lease)) return
    if (lease.place === this.#place) {
      this.#recovery.lost(this.#now())
      this.options.troubled?.()
    }
    if (!this.#idle.remove(lease) && !lease.finishing) return
    this.#discard(lease)
    this.options.observer.error?.(error, lease.client)
    this.#pump()
  }

  #limitLifetime(lease: Lease): void {
    const { lifetimeMs } = this.options
    if (lifetimeMs === 0) return
    const timer = setTimeout(() => {
      lease.expired = true
      if (this.#idle.remove(lease)) this.#discard(lease)
    }, lifetimeMs)
    timer.unref()
    lease.client.once('end', () => clearTimeout(timer))
  }

  get #standing(): Standing {
    return {
      place: this.#place,
      downSince: this.#downSince,
      isWithheld: this.#withheldSince !== null,
      isConnecting: this.#attempts > 0,
      lastError: this.#recovery.lastError,
    }
  }

  /** Since when requests are held; null while they are not. */
  get #downSince(): number | null {
    return this.#recovery.downSince ?? this.#withheldSince ?? this.options.silentSince?.() ?? null
  }

  #finish(): void {
    if (this.#ending === null || this.ended) return
    if (this.#sockets > 0 || this.#leases.size > 0 || this.#waiters.size > 0) return
    this.ended = true
    poolEnded(this)
    clearTimeout(this.#retryTimer)
    this.#place?.budget?.leave(this)
    this.#ending.resolve()
  }
}

/** Enough to go on with; the others come one after the other. */
const aheadMax = 2
/** Idle for so long it was needed by a rush that is over. */
const spareMs = 100
