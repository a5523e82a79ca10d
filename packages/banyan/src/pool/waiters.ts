/** A request that waits for a connection. */
export type Waiter<T> = {
  readonly taken: T
  readonly since: number
  timer: NodeJS.Timeout | undefined
  waiting: boolean
}

/** A first-in, first-out queue out of whose middle requests may leave. */
export class Waiters<T> {
  size = 0
  #queue: Waiter<T>[] = []
  #head = 0

  push(taken: T, since: number): Waiter<T> {
    const waiter: Waiter<T> = { taken, since, timer: undefined, waiting: true }
    this.#queue.push(waiter)
    this.size += 1
    return waiter
  }

  shift(): Waiter<T> | undefined {
    while (this.#head < this.#queue.length) {
      const waiter = this.#queue[this.#head++]
      if (waiter?.waiting) {
        this.leave(waiter)
        this.#compact()
        return waiter
      }
    }
    this.#compact()
    return undefined
  }

  /** The youngest one, for when there are too many. */
  pop(): Waiter<T> | undefined {
    while (this.#queue.length > this.#head) {
      const waiter = this.#queue.pop()
      if (waiter?.waiting) {
        this.leave(waiter)
        return waiter
      }
    }
    return undefined
  }

  leave(waiter: Waiter<T>): void {
    waiter.waiting = false
    clearTimeout(waiter.timer)
    this.size -= 1
    const gone = this.#queue.length - this.#head - this.size
    if (gone > this.size + compactAt) this.#queue = this.#queue.filter((other) => other.waiting)
    else return
    this.#head = 0
  }

  /** Taken entries are cut off in bulk: cutting each one would cost the length of the queue. */
  #compact(): void {
    if (this.#head < compactAt && this.#head < this.#queue.length) return
    this.#queue = this.#queue.slice(this.#head)
    this.#head = 0
  }
}

const compactAt = 1_024
