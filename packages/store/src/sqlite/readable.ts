import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** What a question needs of a database, whoever writes it. */
export type Readable = {
  sql(text: string): StatementSync
  guarded<T>(work: () => T): T
}

/** The same file as a writer elsewhere has, to be read only. Opened when it is first asked. */
export class ReadOnlyFile implements Readable {
  readonly #path: string
  #database: DatabaseSync | null = null
  #statements = new Map<string, StatementSync>()
  #generation = 0

  constructor(path: string) {
    this.#path = path
  }

  /** The writer has begun the file anew: what is open is the one that was moved aside. */
  follow(generation: number): void {
    if (generation === this.#generation) return
    this.#generation = generation
    this.close()
  }

  sql(text: string): StatementSync {
    this.#database ??= new DatabaseSync(this.#path, { readOnly: true, timeout: 2_000 })
    const found = this.#statements.get(text) ?? this.#database.prepare(text)
    this.#statements.set(text, found)
    return found
  }

  guarded<T>(work: () => T): T {
    return work()
  }

  close(): void {
    this.#statements.clear()
    this.#database?.close()
    this.#database = null
  }
}
