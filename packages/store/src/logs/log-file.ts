import type { LogLine } from '../api/types.ts'
import type { KeptFile } from '../sqlite/kept-file.ts'
import { countEvent, eventOf } from './events.ts'
import { type Line, weightOf } from './line.ts'
import { idOf, perMs, timeOf } from './log-schema.ts'
import { takeMark } from './marks.ts'
import { searchedText } from './words.ts'

/** How far a log file was read. */
export type FilePlace = {
  readonly path: string
  readonly inode: number
  readonly offset: number
  /** The digest of the file's first bytes, and of how many: a file that was cut begins with others. */
  readonly headLength: number
  readonly head: string
}

export type NodeLine = Line & { readonly at: number; readonly node: string }

/** What was read in one go: lines and how far, kept together or not at all. */
export type Batch = {
  readonly lines: readonly NodeLine[]
  readonly places: readonly FilePlace[]
}

/** Rows that are deleted in one transaction. */
const deletedAtOnce = 2_000

/** Room that a row of events takes. */
const eventBytes = 40

/** Lines of all logs, and what follows from them: events of the app and marks of the system. */
export class LogFile {
  readonly file: KeptFile
  readonly #nodes = new Map<string, number>()
  #generation = 0

  constructor(file: KeptFile) {
    this.file = file
    this.#generation = file.generation
  }

  places(): Map<string, FilePlace> {
    const rows = this.file.guarded(() => this.file.sql('select * from files').all())
    return new Map(
      rows.map((row) => {
        const { path, inode, offset, head_length, head } = row
        const place = {
          path: String(path),
          inode: Number(inode),
          offset: Number(offset),
          headLength: Number(head_length),
          head: String(head),
        }
        return [place.path, place]
      }),
    )
  }

  /** Writes a batch, and returns its lines as they are answered. Throws, and has written nothing, where it cannot. */
  write({ lines, places }: Batch, now: number): LogLine[] {
    if (this.#generation !== this.file.generation) this.#nodes.clear()
    this.#generation = this.file.generation
    const known = new Map(this.#nodes)
    try {
      return this.file.transaction(() => {
        const written = this.#writeLines(lines.toSorted((a, b) => a.at - b.at))
        for (const place of places) this.#writePlace(place, now)
        for (const line of lines) this.#takeMeaning(line)
        this.#count('lines', lines.length)
        return written
      })
    } catch (error) {
      // Numbers of nodes that were given in it are not there.
      this.#nodes.clear()
      for (const [name, id] of known) this.#nodes.set(name, id)
      throw error
    }
  }

  #writeLines(sorted: readonly NodeLine[]): LogLine[] {
    const insert = this.file.sql(
      'insert into lines (id, node, level, trace, message, fields) values (?, ?, ?, ?, ?, ?)',
    )
    const index = this.file.sql('insert into words (rowid, text, tags) values (?, ?, ?)')
    const result: LogLine[] = []
    let last = 0
    for (const line of sorted) {
      const id = this.#nextId(line.at, last)
      last = id
      const { level, message, trace, fields } = line
      const node = this.#nodeId(line.node)
      insert.run(id, node, weightOf(level), trace, message, JSON.stringify(fields))
      index.run(id, searchedText(line), tagsOf(node, weightOf(level), trace))
      const said = { at: timeOf(id), node: line.node, level, message, trace, fields }
      result.push({ id: String(id), ...said })
    }
    return result
  }

  /** After the last line of this batch and of this millisecond; one too many slips into the next. */
  #nextId(at: number, last: number): number {
    const lowest = idOf(at)
    let id = last >= lowest ? last + 1 : this.#firstFree(lowest)
    const taken = this.file.sql('select 1 from lines where id = ?')
    while (taken.get(id) !== undefined) id += 1
    return id
  }

  #firstFree(lowest: number): number {
    const row = this.file
      .sql('select max(id) as id from lines where id between ? and ?')
      .get(lowest, lowest + perMs - 1)
    return typeof row?.id === 'number' ? row.id + 1 : lowest
  }

  #nodeId(name: string): number {
    const known = this.#nodes.get(name)
    if (known !== undefined) return known
    this.file.sql('insert or ignore into nodes (name) values (?)').run(name)
    const id = Number(this.file.sql('select id from nodes where name = ?').get(name)?.id)
    this.#nodes.set(name, id)
    return id
  }

  #writePlace({ path, inode, offset, headLength, head }: FilePlace, now: number): void {
    this.file
      .sql('insert or replace into files values (?, ?, ?, ?, ?, ?)')
      .run(path, inode, offset, headLength, head, now)
  }

  #takeMeaning(line: NodeLine): void {
    const event = eventOf(line)
    if (event !== null && countEvent(this.file, event)) this.#count('events', 1)
    if (line.node === 'control') takeMark(this.file, line)
  }

  #count(name: string, by: number): void {
    this.file
      .sql(
        'insert into meta values (?, ?) on conflict (name) do update set value = value + excluded.value',
      )
      .run(name, by)
  }

  /** How many lines are kept. */
  get lines(): number {
    return this.file.guarded(() => this.#meta('lines'))
  }

  #meta(name: string): number {
    const row = this.file.sql('select value from meta where name = ?').get(name)
    return row === undefined ? 0 : Number(row.value)
  }

  /**
   * Deletes the oldest lines where they are too old, or too many; a portion at a time. Says whether there may be
   * more to delete.
   */
  forget(limits: { before: number; bytes: number }): boolean {
    // Events are kept for longer, and must not push the lines out.
    const isTooLarge = this.file.guarded(
      () => this.file.usedBytes > limits.bytes + this.#meta('events') * eventBytes,
    )
    const until = isTooLarge ? Number.MAX_SAFE_INTEGER : idOf(limits.before) - 1
    return this.file.transaction(() => {
      const old = this.file
        .sql('select id from lines where id <= ? order by id limit ?')
        .all(until, deletedAtOnce)
      const remove = this.file.sql('delete from lines where id = ?')
      const unindex = this.file.sql('delete from words where rowid = ?')
      for (const { id } of old) {
        unindex.run(id as number)
        remove.run(id as number)
      }
      this.#count('lines', -old.length)
      return old.length === deletedAtOnce
    })
  }

  /** Deletes what follows from lines and is older than it may become, and places of files that are gone. */
  forgetMeaning(before: { day: number; at: number }, present: ReadonlySet<string> | null): void {
    this.file.transaction(() => {
      const { changes } = this.file.sql('delete from events where day < ?').run(before.day)
      this.#count('events', -Number(changes))
      this.file.sql('delete from marks where at < ?').run(before.at)
      const remove = this.file.sql('delete from files where path = ?')
      for (const { path } of this.file.sql('select path from files').all()) {
        if (present?.has(String(path)) === false) remove.run(String(path))
      }
    })
  }
}

function tagsOf(node: number, level: number, trace: string | null): string {
  const tags = `n${node} l${level}`
  return trace === null ? tags : `${tags} t${tokenOf(trace)}`
}

/** A trace id as one word of the index. */
export const tokenOf = (trace: string): string => trace.toLowerCase().replace(/[^0-9a-z]/g, '')
