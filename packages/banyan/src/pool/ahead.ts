import type pg from 'pg'
import { endClient, isUsable } from './client.ts'
import type { Place } from './connections-options.ts'
import { type ClientClass, openClient } from './open-client.ts'

export type AheadOptions = {
  readonly Client: ClientClass
  readonly place: Place
  readonly timeoutMs: number
  readonly count: number
  /** Takes the right to one more connection. */
  readonly claim: () => boolean
  /** Its socket is gone, in every case: the right is given back. */
  readonly closed: () => void
}

/**
 * Connections to a server that a pool is about to be led to. A session outlives the promotion of its server,
 * so that whoever waits can be served as soon as it is the primary.
 */
export class Ahead {
  readonly place: Place
  readonly #clients = new Set<pg.Client>()
  #isOver = false

  constructor({ Client, place, timeoutMs, count, claim, closed }: AheadOptions) {
    this.place = place
    for (let at = 0; at < count && claim(); at += 1) {
      openClient({ Client, config: place.config, timeoutMs }, this.#opened, closed)
    }
  }

  #opened = (_error: unknown, client: pg.Client | null): void => {
    if (client === null) return
    if (this.#isOver) endClient(client, () => {})
    else this.#clients.add(client)
  }

  /** Gives those that are open; what is not open yet is closed. */
  take(): pg.Client[] {
    this.#isOver = true
    const clients = [...this.#clients].filter(isUsable)
    this.#clients.clear()
    return clients
  }

  close(): void {
    for (const client of this.take()) endClient(client, () => {})
  }
}
