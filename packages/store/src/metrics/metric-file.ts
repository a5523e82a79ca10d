import type { KeptFile } from '../sqlite/kept-file.ts'
import { decodeBlock, encodeBlock } from './block.ts'
import type { Registry } from './registry.ts'
import type { Piece } from './samples.ts'
import { type Family, type Series, type Target, wake } from './series.ts'

export const metricSchemaVersion = 1

/*
 * A row per sample would be 32 million rows an hour at 30 targets. A block has one metric of one target for a
 * minute (or, of every ten seconds, for ten minutes); its id is that of the family and the number of the minute,
 * so that the blocks of a chart lie side by side. What is newer than the last full minute is in `tail`, one row for
 * each target and five seconds, which goes when the minute is there.
 */
export const metricSchema = `
  create table if not exists meta (name text primary key, value integer not null) without rowid;
  create table if not exists targets (id integer primary key, key text not null, labels text not null, pushed integer not null);
  create table if not exists families (id integer primary key, target integer not null, metric text not null, kind text not null, born integer not null);
  create table if not exists series (id integer primary key, family integer not null, role text not null, le real, labels text not null, seen integer not null);
  create table if not exists fine (id integer primary key, body blob not null);
  create table if not exists coarse (id integer primary key, body blob not null);
  create table if not exists tail (id integer primary key, target integer not null, until integer not null, body blob not null);
`

export type Grain = 'fine' | 'coarse'

/** How long a block is. */
export const blockMs: Readonly<Record<Grain, number>> = { fine: 60_000, coarse: 600_000 }

/** An answer may come this much after it was asked for, and bears the time of asking. */
const lateMs = 2_000

/** Blocks are numbered within their family. */
const numbers = 2 ** 26

/** What of a target is on the disk. */
type Kept = { minute: number; tail: number }

/** Samples and their catalogue on the disk. Everything here throws where the disk does not do as it should. */
export class MetricFile {
  readonly #file: KeptFile
  readonly #kept = new Map<number, Kept>()

  constructor(file: KeptFile) {
    this.#file = file
  }

  /** Reads the catalogue and the newest samples back into an empty registry. */
  load(registry: Registry, since: number): void {
    const targets = new Map<number, Target>()
    const families = new Map<number, Family>()
    for (const { id, key, labels, pushed } of this.#file.sql('select * from targets').iterate()) {
      const said = { id: Number(id), key: String(key), labels: JSON.parse(String(labels)) }
      targets.set(Number(id), registry.addTarget({ ...said, pushed: pushed === 1 }, true))
    }
    for (const row of this.#file.sql('select * from families').iterate()) {
      const target = targets.get(Number(row.target))
      if (target === undefined) continue
      const said = { metric: String(row.metric), kind: String(row.kind) as Family['kind'] }
      const family = { id: Number(row.id), target, bornAtZero: row.born === 1, ...said }
      families.set(family.id, registry.addFamily(family, true))
    }
    const series = this.#loadSeries(registry, families)
    for (const target of targets.values()) this.#loadSamples(target, series, since)
  }

  #loadSeries(registry: Registry, families: ReadonlyMap<number, Family>): Map<number, Series> {
    const found = new Map<number, Series>()
    for (const row of this.#file.sql('select * from series').iterate()) {
      const family = families.get(Number(row.family))
      if (family === undefined) continue
      const le = row.le === null ? null : Number(row.le)
      const said = {
        role: String(row.role) as Series['role'],
        labels: JSON.parse(String(row.labels)),
      }
      const series = registry.addSeries({ id: Number(row.id), family, le, ...said }, true)
      series.seenAt = Number(row.seen)
      found.set(series.id, series)
    }
    return found
  }

  #loadSamples(target: Target, series: ReadonlyMap<number, Series>, since: number): void {
    const pieces: Piece[] = []
    const first = Math.floor(since / blockMs.fine)
    let minute = 0
    for (const family of target.families.values()) {
      for (const { number, piece } of this.#numbered('fine', family, first, numbers - 1)) {
        pieces.push(piece)
        minute = Math.max(minute, number + 1)
      }
    }
    const tails = this.#file.sql('select until, body from tail where target = ? order by id')
    let tail = minute * blockMs.fine - 1
    for (const row of tails.iterate(target.id)) {
      const piece = readable(row.body as Uint8Array)
      if (piece !== null) pieces.push(piece)
      tail = Math.max(tail, Number(row.until))
    }
    fill(target, series, pieces)
    this.#kept.set(target.id, { minute, tail })
  }

  /**
   * Writes what is new since the last time: full minutes as blocks, and the rest as a tail. All or nothing.
   * Returns how many samples it was.
   */
  keep(registry: Registry, now: number): void {
    const next = new Map<number, Kept>()
    const { unsaved } = registry
    this.#file.transaction(() => {
      for (const row of unsaved) this.#saveRow(row)
      for (const target of registry.targets()) next.set(target.id, this.#keepTarget(target, now))
    })
    registry.saved(unsaved.length)
    for (const [id, kept] of next) this.#kept.set(id, kept)
  }

  #keepTarget(target: Target, now: number): Kept {
    const { times } = target
    const kept = this.#kept.get(target.id) ?? { minute: 0, tail: 0 }
    const oldest = times[0]
    if (oldest === undefined) return kept
    const full = Math.floor((now - lateMs) / blockMs.fine)
    // After a step back of the clock, minutes that were written already are to come again.
    let minute = Math.min(Math.max(kept.minute, Math.floor(oldest / blockMs.fine)), full)
    for (; minute < full; minute += 1) this.#keepMinute(target, minute)
    if (minute !== kept.minute) {
      const until = minute * blockMs.fine
      this.#file.sql('delete from tail where target = ? and until < ?').run(target.id, until)
    }
    return { minute, tail: this.#keepTail(target, Math.min(kept.tail, now), minute) }
  }

  #keepMinute(target: Target, minute: number): void {
    const [first, last] = rangeOf(target.times, minute * blockMs.fine, (minute + 1) * blockMs.fine)
    if (first === last) return
    const insert = this.#file.sql('insert or replace into fine (id, body) values (?, ?)')
    const times = target.times.slice(first, last)
    for (const family of target.families.values()) {
      const rows = rowsOf(family.series.values(), first, last)
      if (rows.size > 0) insert.run(family.id * numbers + minute, encodeBlock({ times, rows }))
    }
  }

  #keepTail(target: Target, after: number, minute: number): number {
    const from = Math.max(after + 1, minute * blockMs.fine)
    const [first, last] = rangeOf(target.times, from, Number.POSITIVE_INFINITY)
    if (first === last) return after
    const times = target.times.slice(first, last)
    const until = times.at(-1) as number
    const body = encodeBlock({ times, rows: rowsOf(target.active, first, last) })
    this.#file
      .sql('insert into tail (target, until, body) values (?, ?, ?)')
      .run(target.id, until, body)
    return until
  }

  #saveRow(row: Target | Family | Series): void {
    if ('families' in row) {
      this.#file
        .sql('insert or replace into targets values (?, ?, ?, ?)')
        .run(row.id, row.key, JSON.stringify(row.labels), row.pushed ? 1 : 0)
    } else if ('metric' in row) {
      this.#file
        .sql('insert or replace into families values (?, ?, ?, ?, ?)')
        .run(row.id, row.target.id, row.metric, row.kind, row.bornAtZero ? 1 : 0)
    } else {
      this.#file
        .sql('insert or replace into series values (?, ?, ?, ?, ?, ?)')
        .run(row.id, row.family.id, row.role, row.le, JSON.stringify(row.labels), row.seenAt)
    }
  }

  /** The blocks of a family that have to do with a span of time, the oldest first. */
  pieces(grain: Grain, family: Family, from: number, to: number): Piece[] {
    const length = blockMs[grain]
    const found = this.#numbered(grain, family, Math.floor(from / length), Math.floor(to / length))
    return found.map(({ piece }) => piece)
  }

  #numbered(
    grain: Grain,
    family: Family,
    first: number,
    last: number,
  ): { number: number; piece: Piece }[] {
    const base = family.id * numbers
    return this.#file
      .sql(`select id, body from ${grain} where id between ? and ? order by id`)
      .all(base + first, base + last)
      .flatMap(({ id, body }) => {
        const piece = readable(body as Uint8Array)
        return piece === null ? [] : [{ number: Number(id) - base, piece }]
      })
  }

  writeCoarse(blocks: readonly { family: Family; number: number; piece: Piece }[]): void {
    this.#file.transaction(() => {
      const insert = this.#file.sql('insert or replace into coarse (id, body) values (?, ?)')
      for (const { family, number, piece } of blocks) {
        const body = encodeBlock({ times: Array.from(piece.times), rows: piece.rows })
        insert.run(family.id * numbers + number, body)
      }
    })
  }

  meta(name: string): number | null {
    const row = this.#file.sql('select value from meta where name = ?').get(name)
    return row === undefined ? null : Number(row.value)
  }

  setMeta(name: string, value: number): void {
    this.#file.transaction(() => {
      this.#file.sql('insert or replace into meta values (?, ?)').run(name, value)
    })
  }

  /** Deletes the blocks of families that end before a time, and where the clock stepped back what begins after `now`. */
  forgetBlocks(families: readonly Family[], grain: Grain, before: number, now: number): void {
    const oldest = Math.floor(before / blockMs[grain])
    const newest = Math.floor(now / blockMs[grain])
    this.#file.transaction(() => {
      const remove = this.#file.sql(`delete from ${grain} where id between ? and ?`)
      for (const { id } of families) {
        remove.run(id * numbers, id * numbers + oldest - 1)
        remove.run(id * numbers + newest + 1, (id + 1) * numbers - 1)
      }
    })
  }

  /** Takes series, families and targets out of the catalogue, and notes when the others were seen. */
  saveCatalogue(registry: Registry, gone: ReturnType<Registry['forget']>): void {
    this.#file.transaction(() => {
      for (const [table, rows] of Object.entries(gone)) {
        const remove = this.#file.sql(`delete from ${table} where id = ?`)
        for (const { id } of rows) remove.run(id)
      }
      const note = this.#file.sql('update series set seen = ? where id = ?')
      for (const { active } of registry.targets()) {
        for (const { seenAt, id } of active) note.run(seenAt, id)
      }
    })
    for (const { id } of gone.targets) this.#kept.delete(id)
  }

  /** The file was begun anew: everything that is known has to be written again. */
  forgetAll(): void {
    this.#kept.clear()
  }
}

/** A block that makes no sense is a gap, and no reason to give up the others. */
function readable(body: Uint8Array): Piece | null {
  try {
    return decodeBlock(body)
  } catch {
    return null
  }
}

function rowsOf(series: Iterable<Series>, first: number, last: number): Map<number, number[]> {
  const rows = new Map<number, number[]>()
  for (const { id, values } of series) {
    const row = values.slice(first, last)
    if (row.some((value) => !Number.isNaN(value))) rows.set(id, row)
  }
  return rows
}

/** The first index at or after `from`, and the first at or after `to`. */
function rangeOf(
  times: readonly number[],
  from: number,
  to: number,
): [first: number, last: number] {
  let last = times.length
  while (last > 0 && (times[last - 1] as number) >= to) last -= 1
  let first = last
  while (first > 0 && (times[first - 1] as number) >= from) first -= 1
  return [first, last]
}

/** Puts samples that were read back beside the times of their target. */
function fill(target: Target, series: ReadonlyMap<number, Series>, pieces: readonly Piece[]): void {
  const all = new Set(pieces.flatMap(({ times }) => Array.from(times)))
  target.times = [...all].sort((a, b) => a - b)
  const places = new Map(target.times.map((time, at) => [time, at]))
  for (const { times, rows } of pieces) {
    for (const [id, values] of rows) {
      const one = series.get(id)
      if (one === undefined) continue
      if (one.values.length === 0) wake(one)
      for (let at = 0; at < times.length; at += 1) {
        const value = values[at] as number
        if (Number.isNaN(value)) continue
        one.values[places.get(times[at] as number) as number] = value
        one.seenAt = Math.max(one.seenAt, times[at] as number)
      }
    }
  }
}
