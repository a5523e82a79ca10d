import type { FakeServer } from './fake-server.ts'
import type { Entry } from './wal.ts'
import type { World } from './world.ts'

type Best = { term: number; server: FakeServer | null }

/**
 * Clients that write: each to the server that is open and has the largest term it has ever seen, as it last
 * asked; so it may write to one that is not the primary any more.
 */
export class Clients {
  readonly #world: World
  readonly #servers: readonly FakeServer[]
  #nextId = 1
  attempts = 0
  ended = false

  constructor(world: World, servers: readonly FakeServer[]) {
    this.#world = world
    this.#servers = servers
  }

  start(count: number): void {
    for (let index = 0; index < count; index++) void this.#live()
  }

  async #live(): Promise<void> {
    const best: Best = { term: 0, server: null }
    while (!this.ended) {
      await this.#world.sleep(this.#world.between(20, 120))
      if (best.server?.isOpen !== true || this.#world.chance(0.3)) this.#choose(best)
      if (best.server !== null) this.#write(best.server)
    }
  }

  /** Another server than before is the primary only with a larger term. */
  #choose(best: Best): void {
    for (const server of this.#servers) {
      if (!server.isOpen || server.run?.frozen === true) continue
      const { term } = server
      if (term < best.term || (term === best.term && server !== best.server)) continue
      best.term = term
      best.server = server
    }
  }

  #write(server: FakeServer): void {
    const { run } = server
    if (run === null) return
    this.attempts += 1
    const entry: Entry = { kind: 'write', id: this.#nextId++, term: 0 }
    server.happen(run, this.#world.between(0.1, 3), () => server.write(run, entry, () => {}))
  }
}
