type State = 'in' | 'out' | 'busy' | 'open'

/**
 * What is on or off, such as who follows whom. One visitor at a time changes one of them, and whatever
 * nobody knows the end of is left alone from then on: so each is changed from a state that is known.
 */
export class Toggles {
  readonly #states = new Map<string, State>()

  /** Changes one, by way of what it is to become. False when it cannot be changed now. */
  async change(name: string, change: (to: 'in' | 'out') => Promise<void>): Promise<boolean> {
    const was = this.#states.get(name) ?? 'out'
    if (was === 'busy' || was === 'open') return false
    const to = was === 'in' ? 'out' : 'in'
    this.#states.set(name, 'busy')
    try {
      await change(to)
      this.#states.set(name, to)
      return true
    } catch (error) {
      this.#states.set(name, wasRefused(error) ? was : 'open')
      throw error
    }
  }
}

/** Whether what was thrown says that surely nothing was done. */
export const wasRefused = (error: unknown): boolean =>
  (error as { outcome?: unknown } | null)?.outcome === 'fail'
