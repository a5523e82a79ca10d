/** A pool, as the budget that it shares with others sees it. */
export type BudgetMember = {
  /** Requests that wait for a connection. */
  readonly waitingCount: number
  /** Closes one idle connection, if there is one. */
  closeIdle(): boolean
  /** Something was given back: perhaps a connection can be opened now. */
  retry(): void
}

/**
 * The connections that one process may hold to one server, whichever of its pools hold them.
 *
 * Every pool may reach an equal share; what the others do not use, it may take on top. A pool
 * above its share gives way to one below it that waits: at once with an idle connection, else with
 * the next one that is released.
 */
export class Budget {
  readonly max: number
  /** Connections that are open, opening or closing. */
  open = 0
  /** In the order in which they got their last connection, so that of equals nobody is always the last. */
  readonly #held = new Map<BudgetMember, number>()

  constructor(max: number) {
    this.max = max
  }

  /** May be called again: what it holds it keeps. */
  join(member: BudgetMember): void {
    if (!this.#held.has(member)) this.#held.set(member, 0)
  }

  leave(member: BudgetMember): void {
    this.#held.delete(member)
  }

  /** Takes the right to one connection, if there is one. */
  claim(member: BudgetMember): boolean {
    if (this.open < this.max) {
      const held = this.heldBy(member) + 1
      this.open += 1
      this.#held.delete(member)
      this.#held.set(member, held)
      return true
    }
    if (this.heldBy(member) < this.#share()) this.#makeRoom(member)
    return false
  }

  /** Gives the right back, once the connection is closed. */
  giveBack(member: BudgetMember): void {
    this.open -= 1
    if (this.#held.has(member)) this.#held.set(member, this.heldBy(member) - 1)
    for (const other of this.#byHeld()) if (other.waitingCount > 0) other.retry()
  }

  /** Whether a pool must close the connection that it got back, because another one is short. */
  mustYield(member: BudgetMember): boolean {
    if (this.open < this.max || this.#held.size < 2) return false
    const share = this.#share()
    const held = this.heldBy(member)
    for (const [other, otherHeld] of this.#held) {
      if (other === member || other.waitingCount === 0 || otherHeld >= share) continue
      if (held > share || (otherHeld === 0 && held > 0)) return true
    }
    return false
  }

  heldBy(member: BudgetMember): number {
    return this.#held.get(member) ?? 0
  }

  /** The connection of the closed one is claimed when its socket is gone, by `giveBack`. */
  #makeRoom(member: BudgetMember): void {
    const share = this.#share()
    const starving = this.heldBy(member) === 0
    for (const other of this.#byHeld().reverse()) {
      if (other === member) continue
      const over = this.heldBy(other) > share || starving
      if (over && other.closeIdle()) return
    }
  }

  #share(): number {
    return Math.max(1, Math.floor(this.max / Math.max(1, this.#held.size)))
  }

  /** The one that holds the least comes first, of equals the one that got nothing for longest. */
  #byHeld(): BudgetMember[] {
    return [...this.#held].sort((a, b) => a[1] - b[1]).map(([member]) => member)
  }
}
