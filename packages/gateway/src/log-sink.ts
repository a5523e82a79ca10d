import { write, writeSync } from 'node:fs'

/** Most bytes that wait to be written; lines beyond are left out. */
const waitingMax = 1_048_576
const againMs = 50
const flushMs = 500

/**
 * Where the lines of a log go: written in the background, in order, several at a time. A log is never
 * worth the process: on a full disk lines are lost, and a reader that does not read costs a megabyte
 * at most. (Pino's own destination ends the process at the first, or waits in it without end.)
 */
export class LogSink {
  readonly #fd: number
  /** Not yet given to the system. */
  #waiting = ''
  #isWriting = false
  #isScheduled = false
  /** The last line that went out has no end. */
  #isTorn = false
  #isClosed = false
  #onDrained: (() => void)[] = []
  /** Lines that were left out. */
  dropped = 0

  constructor(fd: number) {
    this.#fd = fd
  }

  write(line: string): void {
    if (this.#isClosed || this.#waiting.length + line.length > waitingMax) {
      this.dropped += 1
      return
    }
    this.#waiting += line
    this.#schedule()
  }

  /** Resolves when everything is written, or lost. */
  drained(): Promise<void> {
    if (this.#waiting === '' && !this.#isWriting) return Promise.resolve()
    return new Promise((resolve) => this.#onDrained.push(resolve))
  }

  /** What is written to it from now on is left out. */
  close(): void {
    this.#isClosed = true
  }

  /** Writes what waits before the process ends; gives up where that cannot be done at once. */
  flushSync(): void {
    let rest = this.#take()
    const until = performance.now() + flushMs
    while (rest.length > 0 && performance.now() < until) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest))
      } catch (error) {
        if (!isBusy(error)) return
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
      }
    }
  }

  /** All lines of one turn of the event loop are one write. */
  #schedule(): void {
    if (this.#isScheduled || this.#isWriting) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (!this.#isWriting) this.#next()
    })
  }

  #next(): void {
    this.#isWriting = this.#waiting !== ''
    if (this.#isWriting) this.#give(this.#take())
    else for (const drained of this.#onDrained.splice(0)) drained()
  }

  #take(): Buffer {
    const text = this.#isTorn ? `\n${this.#waiting}` : this.#waiting
    this.#waiting = ''
    return Buffer.from(text)
  }

  #give(bytes: Buffer): void {
    write(this.#fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error !== null && isBusy(error)) {
        setTimeout(() => this.#give(bytes), againMs)
        return
      }
      if (error === null && written < bytes.length) {
        this.#isTorn = bytes[written - 1] !== 0x0a
        this.#give(bytes.subarray(written))
        return
      }
      if (error === null) this.#isTorn = false
      this.#next()
    })
  }
}

const isBusy = (error: unknown): boolean => {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EAGAIN' || code === 'EBUSY'
}
