import type { ShardRecord } from '../../packages/control/src/shard/record.ts'
import type { FakeServer } from './fake-server.ts'
import type { Entry } from './wal.ts'
import type { World } from './world.ts'

/** Sees everything at once, and says when something has happened that must never be. */
export class Judge {
  readonly #world: World
  readonly #servers: readonly FakeServer[]
  readonly acknowledged = new Set<Entry>()
  /** Somebody has said that what is missing may be lost. */
  lossIsAccepted = false
  #largestTerm = 0
  lastAckMs = 0
  /** The longest time without an acknowledged write since it was last asked for. */
  longestGapMs = 0

  constructor(world: World, servers: readonly FakeServer[]) {
    this.#world = world
    this.#servers = servers
  }

  /** A client was told that its write is done. */
  acknowledge(server: FakeServer, entry: Entry): void {
    const { nowMs } = this.#world
    this.acknowledged.add(entry)
    this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.lastAckMs)
    this.lastAckMs = nowMs
    const { term } = server
    if (term < this.#largestTerm) {
      this.#world.fail(`${server.name} acknowledges in term ${term}, after ${this.#largestTerm}`)
    }
    this.#largestTerm = term
  }

  /** Control has written down that a promotion is over: the new primary has its term. */
  finish({ primary, term }: ShardRecord): void {
    const server = this.#servers.find(({ name }) => name === primary)
    if (server === undefined || server.run === null || server.term === term) return
    this.#world.fail(`${primary} is the primary of term ${term} and has term ${server.term}`)
  }

  /** A server begins to take writes. */
  open(server: FakeServer): void {
    this.#world.say(
      `${server.name} opens, line ${server.line}, ${server.copy.entries.length} entries`,
    )
    const others = this.#servers.filter((other) => other !== server && other.isOpen)
    if (others.length > 0) {
      const names = others.map(({ name }) => name).join(', ')
      this.#world.fail(`${server.name} takes writes, and ${names} could as well`)
    }
    this.demandAll(server)
  }

  /** Nothing that was acknowledged is missing there. */
  demandAll(server: FakeServer): void {
    if (this.lossIsAccepted) return
    const present = new Set(server.copy.entries)
    const lost = [...this.acknowledged].filter((entry) => !present.has(entry))
    if (lost.length === 0) return
    const ids = lost.slice(0, 5).map(({ id }) => id)
    this.#world.fail(
      `${lost.length} acknowledged writes are not on ${server.name}: ${ids.join(', ')}`,
    )
  }
}
