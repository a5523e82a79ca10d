import type { ShardRecord } from '../shard/record.ts'

/**
 * Has each new primary told of the members: what was told last may be lost with the primary that it was told.
 * One that could not be told is told again by the next look, until it has heard.
 *
 * @example
 * const telling = new TellPrimary(() => announceMembers(context))
 * telling.see(record) // in every round
 */
export class TellPrimary {
  readonly #tell: () => Promise<void>
  #told: string | null = null

  constructor(tell: () => Promise<void>) {
    this.#tell = tell
  }

  see({ primary, promotion }: Pick<ShardRecord, 'primary' | 'promotion'>): void {
    if (primary === null || promotion !== null || primary === this.#told) return
    const before = this.#told
    this.#told = primary
    // Who began with this primary was told when its migrations were looked at.
    if (before === null) return
    this.#tell().catch(() => {
      this.#told = before
    })
  }
}
