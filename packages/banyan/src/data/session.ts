import pg from 'pg'
import type { Lease } from '../pool/connections-options.ts'
import type { SeenTransaction } from '../telemetry/watch.ts'
import { Lost, send, sendCounting, sendScript } from './send.ts'
import type { Compiled } from './sql.ts'

/** The connection of a running transaction, and what is known about its state. */
export class Session {
  readonly #lease: Lease
  #last: Promise<unknown> = Promise.resolve()
  #savepoints = 0
  #failing = false
  /** The first error of a statement, which is why a COMMIT would become a ROLLBACK. */
  fault: unknown = null
  lost: Lost | null = null
  ended = false

  readonly #seen: SeenTransaction | null

  constructor(lease: Lease, seen: SeenTransaction | null = null) {
    this.#lease = lease
    this.#seen = seen
  }

  /** Runs a statement after those before it: a connection can do one at a time. */
  run(compiled: Compiled): Promise<pg.QueryResult> {
    return this.exclusively(() => this.send(compiled))
  }

  /** Runs statements of our own, written as one text without parameters. */
  script(text: string): Promise<void> {
    return this.exclusively(() => this.sendScript(text))
  }

  /** Does work of several sends with nobody else's statement between them. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }

  /** Only inside `exclusively`. */
  send(compiled: Compiled): Promise<pg.QueryResult> {
    return this.#noting(() => send(this.#lease.client, compiled, this.#seen))
  }

  /** Only inside `exclusively`. */
  sendScript(text: string): Promise<void> {
    return this.#noting(() => sendScript(this.#lease.client, text, this.#seen))
  }

  /** Only inside `exclusively`. */
  sendCounting(compiled: Compiled): Promise<number> {
    return this.#noting(() => sendCounting(this.#lease.client, compiled, this.#seen))
  }

  async #noting<T>(sending: () => Promise<T>): Promise<T> {
    // What is known to be lost is not sent, which is how COMMIT can tell that it never left.
    if (this.lost !== null) throw new Lost(this.lost.cause, false)
    try {
      const answer = await sending()
      this.#failing = false
      return answer
    } catch (error) {
      this.#failing = true
      if (error instanceof Lost) this.lost = error
      else if (error instanceof pg.DatabaseError) this.fault ??= error
      throw error
    }
  }

  /** `I`: no transaction, `T`: in one, `E`: in one that failed. */
  get status(): 'I' | 'T' | 'E' | null {
    const status = this.#lease.client.getTransactionStatus()
    // An error arrives before the word that the transaction has failed by it.
    return status === 'T' && this.#failing ? 'E' : status
  }

  /** Done when no statement is running or waiting. */
  async settled(): Promise<void> {
    await this.#last
  }

  nextSavepoint(): string {
    this.#savepoints += 1
    return `banyan_${this.#savepoints}`
  }
}
