import type { Promotion, RecordStore, ShardRecord } from './record.ts'

/** The only one who writes the record: one change after the other, each made of what the last one left. */
export class Book {
  readonly #store: RecordStore
  #last: Promise<unknown> = Promise.resolve()

  constructor(store: RecordStore) {
    this.#store = store
  }

  get record(): ShardRecord {
    return this.#store.current
  }

  /** Writes what `edit` makes of the record; null leaves it. Returns when it is on the disk. */
  async change(edit: (record: ShardRecord) => Partial<ShardRecord> | null): Promise<void> {
    const turn = this.#last.then(async () => {
      const changed = edit(this.#store.current)
      if (changed !== null) await this.#store.write({ ...this.#store.current, ...changed })
    })
    this.#last = turn.catch(() => {})
    await turn
  }
}

/** What is written before somebody is promoted: from here on, only the heir may go on. */
export function decided(
  record: ShardRecord,
  promotion: Promotion,
  ahead: readonly string[],
): Partial<ShardRecord> {
  const { to } = promotion
  return {
    promotion: { ...promotion, decided: true },
    // Only the heir is known to have everything, until somebody has caught up with it.
    confirming: [],
    remake: [...new Set([...record.remake, ...ahead])].filter((name) => name !== to),
  }
}
