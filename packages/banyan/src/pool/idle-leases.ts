import type { Lease } from './connections-options.ts'

/**
 * The connections that nobody uses. The last one laid aside is taken first, so that those at the
 * front get old, and one timer, set for the oldest, is enough for all of them.
 */
export class IdleLeases {
  readonly #leases: Lease[] = []
  readonly #timeoutMs: number
  readonly #expire: () => void
  readonly #allowExit: boolean
  #timer: NodeJS.Timeout | undefined

  /** `expire` is called when the oldest may have been idle for `timeoutMs`; 0 means never. */
  constructor(timeoutMs: number, allowExit: boolean, expire: () => void) {
    this.#timeoutMs = timeoutMs
    this.#allowExit = allowExit
    this.#expire = expire
  }

  get size(): number {
    return this.#leases.length
  }

  push(lease: Lease, now: number): void {
    lease.idleSince = now
    this.#leases.push(lease)
    if (this.#timer === undefined) this.watch(now)
  }

  /** The youngest one. */
  pop(): Lease | undefined {
    return this.#leases.pop()
  }

  /** The oldest one. */
  shift(): Lease | undefined {
    return this.#leases.shift()
  }

  remove(lease: Lease): boolean {
    const at = this.#leases.indexOf(lease)
    if (at === -1) return false
    this.#leases.splice(at, 1)
    return true
  }

  /** The oldest one, if it was idle for too long. */
  shiftExpired(now: number, timeoutMs = this.#timeoutMs): Lease | undefined {
    const [oldest] = this.#leases
    if (oldest === undefined || oldest.idleSince + timeoutMs > now) return undefined
    return this.#leases.shift()
  }

  /** Sets the timer for the oldest one. */
  watch(now: number): void {
    const [oldest] = this.#leases
    if (oldest === undefined || this.#timeoutMs === 0) return
    const delayMs = Math.max(1, Math.ceil(oldest.idleSince + this.#timeoutMs - now))
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#expire()
    }, delayMs)
    if (this.#allowExit) this.#timer.unref()
  }

  unwatch(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
