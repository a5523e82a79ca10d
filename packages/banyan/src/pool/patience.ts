import type { ConnectionsOptions, Place, Taken } from './connections-options.ts'
import { NotPrimary } from './failures.ts'
import { busy, timedOut, unavailable } from './refusals.ts'
import type { Waiter, Waiters } from './waiters.ts'

/** How a pool stands, as far as it decides how long a request waits. */
export type Standing = {
  readonly place: Place | null
  /** Since when requests are held; null while they are not. */
  readonly downSince: number | null
  /** Whether nothing is lent at all now. */
  readonly isWithheld: boolean
  readonly isConnecting: boolean
  /** Of the last failed attempt to connect. */
  readonly lastError: unknown
}

/** How long it may take to learn which server is meant, where nothing else bounds it. */
const seekMs = 2_000

const tooMany = 'too many requests wait for it already'
const tooLate = 'it did not come back in time'

type Options = Pick<
  ConnectionsOptions,
  'max' | 'waitTimeoutMs' | 'hold' | 'busyTimeoutMs' | 'nobody'
>

/** How long requests wait for a connection, and what they are told when that was too long. */
export class Patience {
  readonly #options: Options
  readonly #now: () => number
  readonly #waiters: Waiters<Taken>
  readonly #standing: () => Standing
  readonly #left: () => void

  /** @param left called when a request has given up */
  constructor(
    options: Options,
    now: () => number,
    waiters: Waiters<Taken>,
    standing: () => Standing,
    left: () => void,
  ) {
    this.#options = options
    this.#now = now
    this.#waiters = waiters
    this.#standing = standing
    this.#left = left
  }

  /** Puts a request into the queue, which it leaves by itself when it has waited for too long. */
  enqueue(taken: Taken): void {
    const { waitTimeoutMs, hold, busyTimeoutMs } = this.#options
    const waiter = this.#waiters.push(taken, this.#now())
    const firstMs = waitTimeoutMs || hold.timeMs || this.#seekMs() || busyTimeoutMs
    if (firstMs > 0) waiter.timer = setTimeout(() => this.#check(waiter), firstMs)
  }

  /** Sends away the youngest of those that are more than may be held. */
  sendAway(): void {
    while (this.#waiters.size > this.#options.hold.countMax) {
      this.#waiters.pop()?.taken(this.tooMany(), null)
    }
  }

  tooMany(): Error {
    return this.#unavailable(tooMany)
  }

  /** Decides whether a request has waited for long enough, or when to ask again. */
  #check(waiter: Waiter<Taken>): void {
    const { waitTimeoutMs, hold, busyTimeoutMs } = this.#options
    const { downSince, isConnecting, lastError } = this.#standing()
    if (waitTimeoutMs > 0) {
      this.#giveUp(waiter, timedOut(isConnecting, lastError))
      return
    }
    const limitMs = downSince === null ? busyTimeoutMs : hold.timeMs || this.#seekMs()
    const spentMs = this.#now() - Math.max(waiter.since, downSince ?? 0)
    // A timer may fire a fraction of a millisecond early.
    if (limitMs > 0 && spentMs >= limitMs - 1) {
      this.#giveUp(waiter, downSince === null ? this.#busy(spentMs) : this.#unavailable(tooLate))
      return
    }
    const againMs = Math.min(limitMs > 0 ? limitMs - spentMs : hold.timeMs, hold.timeMs || limitMs)
    waiter.timer = setTimeout(() => this.#check(waiter), Math.max(1, Math.ceil(againMs)))
  }

  /** Also who wants nothing held waits until it is known which server is meant. */
  #seekMs(): number {
    return this.#standing().isWithheld ? seekMs : 0
  }

  #giveUp(waiter: Waiter<Taken>, error: Error): void {
    this.#waiters.leave(waiter)
    waiter.taken(error, null)
    this.#left()
  }

  #busy(waitedMs: number): Error {
    const { max } = this.#options
    const { target = 'the database', budget = null } = this.#standing().place ?? {}
    return busy(target, Math.min(max, budget?.max ?? max), waitedMs, this.#waiters.size)
  }

  #unavailable(why: string): Error {
    const { place, lastError } = this.#standing()
    const isNobody = place === null && (lastError === null || lastError instanceof NotPrimary)
    const cause = isNobody ? new NotPrimary(this.#options.nobody?.()) : lastError
    const { timeMs } = this.#options.hold
    return unavailable(place?.target ?? 'of the system', why, cause, this.#waiters.size, timeMs)
  }
}
