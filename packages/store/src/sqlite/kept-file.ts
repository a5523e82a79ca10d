import { readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { troubleOf } from './trouble.ts'

export type KeptFileOptions = {
  readonly path: string
  /** Makes the tables where they are not there; run at every start. */
  readonly schema: string
  /** A file of another version is begun anew: it is history of at most a hundred days, and never the app's. */
  readonly version: number
  /** Told once for each file that had to be set aside. */
  readonly onSetAside: (sentence: string) => void
  /** For tests: the most pages that the file may have. */
  readonly pagesMax?: number
}

const pragmas = `
  pragma journal_mode = wal;
  pragma synchronous = normal;
  pragma temp_store = memory;
  pragma busy_timeout = 2000;
  pragma journal_size_limit = 16777216;
`

/**
 * One SQLite file that must never keep the store from running: damaged, it is moved aside and begun anew; full,
 * what was to be written is given back by the transaction and may be tried again.
 */
export class KeptFile {
  readonly #options: KeptFileOptions
  #database: DatabaseSync
  #statements = new Map<string, StatementSync>()
  /** Grows when the file was begun anew, so that whoever holds something of it knows. */
  generation = 0

  constructor(options: KeptFileOptions) {
    this.#options = options
    this.#database = this.#openOrBegin()
  }

  get path(): string {
    return this.#options.path
  }

  /** A statement, prepared once. */
  sql(text: string): StatementSync {
    let found = this.#statements.get(text)
    if (found === undefined) {
      found = this.#database.prepare(text)
      this.#statements.set(text, found)
    }
    return found
  }

  exec(text: string): void {
    this.#database.exec(text)
  }

  /** All of what `work` writes or nothing; a damaged file is set aside, and the error thrown all the same. */
  transaction<T>(work: () => T): T {
    return this.guarded(() => {
      this.#database.exec('begin immediate')
      try {
        const result = work()
        this.#database.exec('commit')
        return result
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('rollback')
        throw error
      }
    })
  }

  /** Runs what reads or writes; a damaged file is set aside before its error goes on. */
  guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (troubleOf(error) === 'damaged') this.beginAnew(String((error as Error).message))
      throw error
    }
  }

  beginAnew(why: string): void {
    this.#close()
    setAside(this.path)
    this.generation += 1
    this.#options.onSetAside(
      `${basename(this.path)} was damaged (${why}); it was moved aside and begun anew.`,
    )
    this.#database = this.#open()
  }

  /** Room on the disk, the log beside the file too. */
  get bytes(): number {
    return ['', '-wal'].reduce((sum, end) => sum + sizeOf(this.path + end), 0)
  }

  /** Room that rows take: pages that were freed are used again, and do not count. */
  get usedBytes(): number {
    const number = (pragma: string) => Object.values(this.sql(`pragma ${pragma}`).get() ?? {})[0]
    return (
      (Number(number('page_count')) - Number(number('freelist_count'))) *
      Number(number('page_size'))
    )
  }

  close(): void {
    this.#close()
  }

  #openOrBegin(): DatabaseSync {
    try {
      return this.#open()
    } catch (error) {
      if (!['damaged', 'other'].includes(troubleOf(error))) throw error
      setAside(this.path)
      const { message } = error as Error
      this.#options.onSetAside(
        `${basename(this.path)} cannot be read (${message}); it was moved aside and begun anew.`,
      )
      return this.#open()
    }
  }

  #open(): DatabaseSync {
    const { path, schema, version, pagesMax } = this.#options
    const database = new DatabaseSync(path)
    try {
      database.exec(pragmas)
      if (pagesMax !== undefined) database.exec(`pragma max_page_count = ${pagesMax}`)
      const found = Number(database.prepare('pragma user_version').get()?.user_version)
      if (found !== 0 && found !== version) throw new Error(`it has version ${found}`)
      database.exec(schema)
      database.exec(`pragma user_version = ${version}`)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  }

  #close(): void {
    this.#statements.clear()
    try {
      this.#database.close()
    } catch {
      // A damaged file may refuse even that; it is moved aside anyway.
    }
  }
}

/** The newest damaged file stays for whoever wants to look; older ones go. */
function setAside(path: string): void {
  const directory = dirname(path)
  for (const name of readdirSync(directory)) {
    if (name.startsWith(`${basename(path)}.damaged`)) rmSync(join(directory, name), { force: true })
  }
  for (const end of ['', '-wal', '-shm']) {
    try {
      renameSync(path + end, `${path}.damaged${end}`)
    } catch {
      rmSync(path + end, { force: true, recursive: true })
    }
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
