import type { NodeDriver } from './driver.ts'
import { Keeper } from './keeper.ts'

/** What the members of a shard do is decided for all of them together. */
export type DataGate = {
  /** Whether a member that does not run may be started now, and by us. */
  mayStart(node: string): boolean
  /** The member that takes the writes, without which no service can work; null where there is no choice. */
  primary(): string | null
}

const open: DataGate = { mayStart: () => true, primary: () => null }

/** All keepers of a control, in the order in which their nodes came. */
export class Keepers {
  gate: DataGate = open
  /** The nodes that somebody has cut off on purpose. */
  readonly cut = new Set<string>()
  readonly #all = new Map<string, Keeper>()
  readonly #listeners = new Set<(keeper: Keeper) => void>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  get all(): readonly Keeper[] {
    return [...this.#all.values()]
  }

  get(node: string): Keeper | null {
    return this.#all.get(node) ?? null
  }

  /** The keeper of a node; one is made where there is none, or where the node is another than before. */
  ensure(driver: NodeDriver): Keeper {
    const known = this.#all.get(driver.node.name)
    if (known?.facts.wanted) return known
    const keeper = new Keeper({
      driver,
      now: this.#now,
      mayStart: () => this.#mayStart(driver),
      isCut: () => this.cut.has(driver.node.name),
      onChange: (changed) => this.#announce(changed),
    })
    this.#all.set(driver.node.name, keeper)
    return keeper
  }

  forget(node: string): void {
    this.#all.delete(node)
  }

  /** Calls the listener whenever the situation of a node changes; returns how to stop. */
  onChange(listener: (keeper: Keeper) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Services come after the database; what runs no code of the app waits for nobody, and an adopted
   * server, which is only watched, neither.
   */
  #mayStart({ node }: NodeDriver): boolean {
    if (node.adopted === true) return true
    if (node.tier === 'data') return this.gate.mayStart(node.name)
    return node.service === undefined || this.#dataIsHealthy()
  }

  #dataIsHealthy(): boolean {
    const primary = this.gate.primary()
    return this.all.every(
      ({ driver: { node }, situation }) =>
        node.tier !== 'data' ||
        situation === 'healthy' ||
        (primary !== null && node.name !== primary),
    )
  }

  #announce(changed: Keeper): void {
    for (const listener of this.#listeners) listener(changed)
    if (changed.driver.node.tier !== 'data') return
    // Who waited for the database need not wait for the next look.
    for (const keeper of this.all) if (keeper.situation === 'held') keeper.wake()
  }
}
