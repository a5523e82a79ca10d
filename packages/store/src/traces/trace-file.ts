import type { Span, Trace, TraceQuery, TraceSummary } from '../api/types.ts'
import type { KeptFile } from '../sqlite/kept-file.ts'
import type { Readable } from '../sqlite/readable.ts'
import { summaryOf } from './summary.ts'

export type TraceSpan = Span & { readonly trace: string }

/** Spans of one trace beyond these are left out. */
export const spansMax = 2_000

const deletedAtOnce = 200

/** Spans, put together to traces. */
export class TraceFile {
  readonly file: KeptFile

  constructor(file: KeptFile) {
    this.file = file
  }

  /** Takes spans; those of a trace may come in any order, from any process, and twice. Says how many it left out. */
  write(spans: readonly TraceSpan[]): number {
    return this.file.transaction(() => {
      const traces = Map.groupBy(spans, ({ trace }) => trace)
      let dropped = 0
      for (const [trace, own] of traces) dropped += this.#writeTrace(trace, own)
      this.#count(spans.length - dropped)
      return dropped
    })
  }

  #writeTrace(trace: string, own: readonly TraceSpan[]): number {
    const before = spansOf(this.file, trace)
    const room = Math.max(0, spansMax - before.length)
    const taken = own.slice(0, room)
    const insert = this.file.sql(
      'insert or replace into spans values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    for (const one of taken) {
      const { span, parent, node, name, kind, at, durationMs, error } = one
      const attributes = JSON.stringify(one.attributes)
      insert.run(trace, span, parent, node, name, kind, at, durationMs, error, attributes)
    }
    const all = new Map([...before, ...taken].map((span) => [span.span, span]))
    if (all.size > 0) this.#writeSummary(summaryOf(trace, [...all.values()]))
    return own.length - taken.length
  }

  #writeSummary(summary: TraceSummary): void {
    const { trace, at, durationMs, name, route, status, error, nodes, spans } = summary
    this.file
      .sql('insert or replace into traces values (?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(trace, at, durationMs, name, route, status, error ? 1 : 0, JSON.stringify(nodes), spans)
  }

  #count(by: number): void {
    this.file
      .sql(
        `insert into meta values ('spans', ?)
         on conflict (name) do update set value = value + excluded.value`,
      )
      .run(by)
  }

  get spans(): number {
    return this.file.guarded(() =>
      Number(this.file.sql("select value from meta where name = 'spans'").get()?.value ?? 0),
    )
  }

  /** Deletes the oldest traces where they are too old, or too many, a portion at a time; says whether more is left. */
  forget(limits: { before: number; bytes: number }): boolean {
    const isTooLarge = this.file.guarded(() => this.file.usedBytes > limits.bytes)
    const until = isTooLarge ? Number.MAX_VALUE : limits.before
    return this.file.transaction(() => {
      const old = this.file
        .sql('select trace from traces where at < ? order by at limit ?')
        .all(until, deletedAtOnce)
      let spans = 0
      for (const { trace } of old) {
        spans += Number(
          this.file.sql('delete from spans where trace = ?').run(trace as string).changes,
        )
        this.file.sql('delete from traces where trace = ?').run(trace as string)
      }
      this.#count(-spans)
      return old.length === deletedAtOnce
    })
  }
}

function spansOf(file: Readable, trace: string): Span[] {
  const rows = file.sql('select * from spans where trace = ? order by at, span').all(trace)
  return rows.map((row) => ({
    span: String(row.span),
    parent: row.parent === null ? null : String(row.parent),
    node: String(row.node),
    name: String(row.name),
    kind: row.kind as Span['kind'],
    at: Number(row.at),
    durationMs: Number(row.duration),
    error: row.error === null ? null : String(row.error),
    attributes: JSON.parse(String(row.attributes)),
  }))
}

/** A trace with its spans, in the order in which they began; null where there is none. */
export function readTrace(file: Readable, trace: string): Omit<Trace, 'lines'> | null {
  const spans = file.guarded(() => spansOf(file, trace))
  return spans.length === 0 ? null : { trace, spans }
}

/** Finds traces. An index on their time is enough: there are never more than fit into the file. */
export function searchTraces(file: Readable, query: TraceQuery): TraceSummary[] {
  const conditions = ['at >= ?', 'at <= ?']
  const values: (string | number)[] = [query.from ?? 0, query.to ?? Number.MAX_VALUE]
  const add = (condition: string, value: string | number | undefined) => {
    if (value === undefined) return
    conditions.push(condition)
    values.push(value)
  }
  add('route = ?', query.route)
  add('duration >= ?', query.minMs)
  add('duration <= ?', query.maxMs)
  add('error = ?', query.errors === true ? 1 : undefined)
  add('exists (select 1 from json_each(nodes) where value = ?)', query.node)
  const order = query.order === 'slowest' ? 'duration desc' : 'at desc'
  const sql = `select * from traces where ${conditions.join(' and ')} order by ${order} limit ?`
  const rows = file.guarded(() => file.sql(sql).all(...values, query.limit ?? 100))
  return rows.map((row) => ({
    trace: String(row.trace),
    at: Number(row.at),
    durationMs: Number(row.duration),
    name: String(row.name),
    route: row.route === null ? null : String(row.route),
    status: row.status === null ? null : Number(row.status),
    error: row.error === 1,
    nodes: JSON.parse(String(row.nodes)),
    spans: Number(row.spans),
  }))
}
