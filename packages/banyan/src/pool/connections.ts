import type pg from 'pg'
import type { BudgetMember } from './budget.ts'
import {
  endClient,
  isLeftInTransaction,
  isUsable,
  isWorking,
  keepAwake,
  letExit,
} from './client.ts'
import type { ConnectionsOptions, Lease, Taken } from './connections-options.ts'
import { isPassing } from './failures.ts'
import { IdleLeases } from './idle-leases.ts'
import { openClient } from './open-client.ts'
import { Recovery } from './recovery.ts'
import { busy, ended, timedOut, unavailable } from './refusals.ts'
import { type Waiter, Waiters } from './waiters.ts'

const clock = (): number => performance.now()

/**
 * The connections of one process to one server. Requests wait in one queue, and whichever
 * connection is free first takes the oldest. While the server is away they are held, within
 * bounds, and one careful attempt at a time looks for it.
 */
export class Connections implements BudgetMember {
  readonly options: ConnectionsOptions
  readonly #now: () => number
  readonly #recovery: Recovery
  readonly #leases = new Set<Lease>()
  readonly #idle: IdleLeases
  readonly #waiters = new Waiters<Taken>()
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
    options.budget?.join(this)
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
    if (this.#ending !== null) return undefined
    for (;;) {
      const lease = this.#idle.pop()
      if (lease === undefined) return undefined
      if (isUsable(lease.client)) return this.#lend(lease)
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
    if (this.#recovery.downSince !== null && this.#waiters.size >= this.options.hold.countMax) {
      taken(this.#unavailable(tooMany), null)
      return
    }
    const waiter = this.#waiters.push(taken, this.#now())
    this.#arm(waiter)
    this.#pump()
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
    const waiter = this.#waiters.shift()
    if (waiter === undefined) this.#rest(lease)
    else waiter.taken(null, this.#lend(lease))
  }

  /** Refuses new requests, serves those that wait, and is done when every socket is closed. */
  end(): Promise<void> {
    if (this.#ending === null) {
      this.#ending = Promise.withResolvers<void>()
      this.#idle.unwatch()
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
      this.options.budget?.mustYield(this) === true
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
    const { max, budget } = this.options
    while (this.#waiters.size > this.#attempts && this.totalCount < max) {
      if (this.#attempts >= this.#recovery.width) return
      const pauseMs = this.#recovery.notBefore - this.#now()
      if (pauseMs > 0) {
        this.#pumpLater(pauseMs)
        return
      }
      if (budget !== null && !budget.claim(this)) return
      this.#open()
    }
  }

  #pumpLater(pauseMs: number): void {
    if (this.#retryTimer !== undefined) return
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined
      this.#pump()
    }, pauseMs)
  }

  #open(): void {
    this.#attempts += 1
    this.#sockets += 1
    const since = this.#now()
    const { Client, config, attemptTimeoutMs: timeoutMs } = this.options
    openClient(
      { Client, config, timeoutMs },
      (error, client) => {
        if (client === null) this.#failed(since, error)
        else this.#prepare(client)
      },
      () => this.#closed(),
    )
  }

  #closed(): void {
    this.#sockets -= 1
    this.options.budget?.giveBack(this)
    this.#finish()
  }

  /** Runs the hooks of a new connection. */
  #prepare(client: pg.Client): void {
    this.#recovery.succeeded(this.options.max)
    const lease: Lease = { client, uses: 0, idleSince: 0, expired: false, finishing: false }
    client.on('error', (error) => this.#lost(lease, error))
    const { onConnect } = this.options
    if (onConnect === null) {
      this.#verify(lease)
      return
    }
    Promise.resolve()
      .then(() => onConnect(client))
      .then(
        () => this.#verify(lease),
        (error: unknown) => this.#refused(lease, error),
      )
  }

  #verify(lease: Lease): void {
    this.options.observer.connect?.(lease.client)
    const { verify } = this.options
    if (verify === null) {
      this.#ready(lease)
      return
    }
    verify(lease.client, (error) => {
      if (error) this.#refused(lease, error)
      else this.#ready(lease)
    })
  }

  #ready(lease: Lease): void {
    this.#attempts -= 1
    this.#leases.add(lease)
    this.#limitLifetime(lease)
    this.#reuse(lease)
    this.#pump()
  }

  /** A hook refused the connection, which is the error of the request that it was opened for. */
  #refused(lease: Lease, error: unknown): void {
    this.#attempts -= 1
    endClient(lease.client, () => {})
    this.#waiters.shift()?.taken(error, null)
    this.#pump()
  }

  #failed(since: number, error: unknown): void {
    this.#attempts -= 1
    if (this.options.hold.timeMs > 0 && isPassing(error)) {
      this.#recovery.failed(since, this.#now(), error)
      while (this.#waiters.size > this.options.hold.countMax) {
        this.#waiters.pop()?.taken(this.#unavailable(tooMany), null)
      }
    } else {
      this.#waiters.shift()?.taken(error, null)
    }
    this.#pump()
    this.#finish()
  }

  /** An established connection broke. Whoever uses it learns it from the statement. */
  #lost(lease: Lease, error: Error): void {
    if (!this.#leases.has(lease)) return
    this.#recovery.lost(this.#now())
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

  #arm(waiter: Waiter<Taken>): void {
    const { waitTimeoutMs, hold, busyTimeoutMs } = this.options
    const firstMs = waitTimeoutMs || hold.timeMs || busyTimeoutMs
    if (firstMs > 0) waiter.timer = setTimeout(() => this.#check(waiter), firstMs)
  }

  /** Decides whether a request has waited for long enough, or when to ask again. */
  #check(waiter: Waiter<Taken>): void {
    const { waitTimeoutMs, hold, busyTimeoutMs } = this.options
    if (waitTimeoutMs > 0) {
      this.#giveUp(waiter, timedOut(this.#attempts > 0, this.#recovery.lastError))
      return
    }
    const { downSince } = this.#recovery
    const limitMs = downSince === null ? busyTimeoutMs : hold.timeMs
    const spentMs = this.#now() - Math.max(waiter.since, downSince ?? 0)
    // A timer may fire a fraction of a millisecond early.
    if (limitMs > 0 && spentMs >= limitMs - 1) {
      this.#giveUp(waiter, downSince === null ? this.#busy(spentMs) : this.#unavailable(tooLate))
      return
    }
    const againMs = Math.min(limitMs > 0 ? limitMs - spentMs : hold.timeMs, hold.timeMs || limitMs)
    waiter.timer = setTimeout(() => this.#check(waiter), Math.max(1, Math.ceil(againMs)))
  }

  #giveUp(waiter: Waiter<Taken>, error: Error): void {
    this.#waiters.leave(waiter)
    waiter.taken(error, null)
    this.#finish()
  }

  #finish(): void {
    if (this.#ending === null || this.ended) return
    if (this.#sockets > 0 || this.#leases.size > 0 || this.#waiters.size > 0) return
    this.ended = true
    clearTimeout(this.#retryTimer)
    this.options.budget?.leave(this)
    this.#ending.resolve()
  }

  #busy(waitedMs: number): Error {
    const { target, max, budget } = this.options
    return busy(target, Math.min(max, budget?.max ?? max), waitedMs, this.#waiters.size)
  }

  #unavailable(why: string): Error {
    const { target, hold } = this.options
    return unavailable(target, why, this.#recovery.lastError, this.#waiters.size, hold.timeMs)
  }
}

const tooMany = 'too many requests wait for it already'
const tooLate = 'it did not come back in time'
