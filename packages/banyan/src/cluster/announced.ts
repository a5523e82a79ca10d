/** A switchover that was announced has begun by then, or does not come. */
const heirMs = 5_000

/**
 * What control has announced of a switchover: that nothing of the primary is lent for now, and who takes over.
 * Control may go away or change its mind: both end by themselves.
 */
export class Announced {
  /** Control asks that nothing of the primary is lent for now. */
  held = false
  /** The name of the member that control is about to switch over to; null: none. */
  heir: string | null = null
  readonly #changed: (what: 'hold' | 'heir') => void
  #holdTimer: NodeJS.Timeout | undefined
  #heirTimer: NodeJS.Timeout | undefined

  constructor(changed: (what: 'hold' | 'heir') => void) {
    this.#changed = changed
  }

  hold(holdMs: number): void {
    clearTimeout(this.#holdTimer)
    const held = holdMs > 0
    if (held) this.#holdTimer = setTimeout(() => this.hold(0), holdMs)
    if (held === this.held) return
    this.held = held
    this.#changed('hold')
  }

  expect(heir: string | null): void {
    clearTimeout(this.#heirTimer)
    if (heir !== null) {
      this.#heirTimer = setTimeout(() => this.expect(null), heirMs)
      this.#heirTimer.unref()
    }
    if (heir === this.heir) return
    this.heir = heir
    this.#changed('heir')
  }

  close(): void {
    clearTimeout(this.#holdTimer)
    clearTimeout(this.#heirTimer)
  }
}
