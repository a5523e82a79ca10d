import type { Mark } from '../api/types.ts'
import { isRecord } from '../is-record.ts'
import type { KeptFile } from '../sqlite/kept-file.ts'
import type { Readable } from '../sqlite/readable.ts'
import type { NodeLine } from './log-file.ts'

/** What a line of control's log does to the marks. */
type Change = {
  readonly kind: Mark['kind']
  readonly node: string | null
  /** What a mark and the end of it have in common. */
  readonly subject: string
  /** `point` has no length; `end` ends what began. */
  readonly what: 'point' | 'begin' | 'end'
}

/**
 * Takes what control said into the marks: climbs and releases with their length, faults and what undid them,
 * promotions, and nodes that failed until they were healthy again.
 */
export function takeMark(file: KeptFile, line: NodeLine): void {
  const change = changeOf(line.fields)
  if (change === null) return
  const { kind, node, subject, what } = change
  const { at, message } = line
  if (what !== 'point' && closed(file, change, line)) return
  if (what === 'end' && kind !== 'climb' && kind !== 'release') return
  const open = what === 'begin' ? 1 : 0
  file
    .sql(
      `insert into marks (at, until, kind, node, subject, sentence, open)
       values (?, null, ?, ?, ?, ?, ?)`,
    )
    .run(at, kind, node, subject, message, open)
}

/** Ends an open mark, or leaves one that begins again as it is; false where there is none. */
function closed(
  file: KeptFile,
  { what, kind, subject }: Change,
  { at, message }: NodeLine,
): boolean {
  const open = file
    .sql('select id from marks where subject = ? and open = 1 order by id desc limit 1')
    .get(subject)
  if (open === undefined) return false
  if (what === 'begin') return true
  const isClimb = kind === 'climb' || kind === 'release'
  file
    .sql(
      `update marks set until = max(at, ?), open = 0, kind = ?,
       sentence = case when ? then ? else sentence end where id = ?`,
    )
    .run(at, kind, isClimb ? 1 : 0, message, Number(open.id))
  return true
}

function changeOf(fields: Readonly<Record<string, unknown>>): Change | null {
  const node = typeof fields.node === 'string' ? fields.node : null
  switch (fields.type) {
    case 'climb':
      return climbChange(fields)
    case 'promotion': {
      const to = isRecord(fields.promotion) ? fields.promotion.to : null
      const who = typeof to === 'string' ? to : null
      return { kind: 'promotion', node: who, subject: 'promotion', what: 'point' }
    }
    case 'fault':
      return faultChange(node, String(fields.fault))
    case 'node':
      return nodeChange(node, String(fields.health))
    default:
      return null
  }
}

function climbChange({ climb, outcome, report }: Readonly<Record<string, unknown>>): Change | null {
  // A climb that turns goes on, backwards.
  if (outcome === 'turned') return null
  const direction = isRecord(report) ? report.direction : null
  const kind = direction === 'release' ? 'release' : 'climb'
  const what = outcome === 'begun' ? 'begin' : 'end'
  return { kind, node: null, subject: `climb ${String(climb)}`, what }
}

const lasting: Readonly<Record<string, readonly [what: 'begin' | 'end', fault: string]>> = {
  paused: ['begin', 'paused'],
  resumed: ['end', 'paused'],
  partitioned: ['begin', 'partitioned'],
  healed: ['end', 'partitioned'],
}

function faultChange(node: string | null, fault: string): Change {
  const [what, name] = lasting[fault] ?? (['point', fault] as const)
  return { kind: 'fault', node, subject: `${name} ${node}`, what }
}

function nodeChange(node: string | null, health: string): Change | null {
  const subject = `failed ${node}`
  if (health === 'failed') return { kind: 'node', node, subject, what: 'begin' }
  return health === 'healthy' || health === 'stopped'
    ? { kind: 'node', node, subject, what: 'end' }
    : null
}

/** The marks that have to do with a span of time, the oldest first. */
export function readMarks(file: Readable, from: number, to: number): Mark[] {
  const rows = file
    .sql(
      `select at, until, kind, node, sentence from marks
       where at <= ? and (at >= ? or until >= ? or open = 1) order by at, id limit 1000`,
    )
    .all(to, from, from)
  return rows.map(({ at, until, kind, node, sentence }) => ({
    at: Number(at),
    ...(until !== null && { until: Number(until) }),
    kind: kind as Mark['kind'],
    node: node === null ? null : String(node),
    sentence: String(sentence),
  }))
}
