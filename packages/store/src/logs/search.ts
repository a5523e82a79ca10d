import type { LogLine, LogPage, LogQuery } from '../api/types.ts'
import type { Readable } from '../sqlite/readable.ts'
import { levelOfWeight, levels, weightOf } from './line.ts'
import { tokenOf } from './log-file.ts'
import { idOf, perMs, timeOf } from './log-schema.ts'
import { readWanted, type Wanted } from './words.ts'

const limitDefault = 200

type Row = Record<string, unknown>

/**
 * Finds lines, the newest first. Words, nodes, level and trace are all asked of the full-text index, which walks
 * its lists from the newest id down and stops at the limit: a word that every line has is as fast as a rare one.
 */
export function searchLogs(file: Readable, query: LogQuery): LogPage {
  const limit = query.limit ?? limitDefault
  const rows = file.guarded(() => find(file, query, limit))
  const last = rows.at(-1)
  return {
    lines: rows.map(lineOf),
    before: rows.length < limit || last === undefined ? null : String(last.id),
  }
}

function find(file: Readable, query: LogQuery, limit: number): Row[] {
  const { from, to, before } = query
  const lowest = from === undefined ? 0 : Math.max(0, idOf(from))
  const highest = to === undefined ? Number.MAX_SAFE_INTEGER : idOf(to) + perMs - 1
  const last = Math.min(highest, before === undefined ? highest : Number(before) - 1)
  const match = matchOf(file, query)
  if (match === null) return []
  const columns = 'l.id, n.name as node, l.level, l.message, l.trace, l.fields'
  if (match === '')
    return file
      .sql(
        `select ${columns} from lines l join nodes n on n.id = l.node
         where l.id between ? and ? order by l.id desc limit ?`,
      )
      .all(lowest, last, limit)
  return file
    .sql(
      `select ${columns} from
         (select rowid as id from words where words match ? and rowid between ? and ?
          order by rowid desc limit ?) w
       join lines l on l.id = w.id join nodes n on n.id = l.node order by l.id desc`,
    )
    .all(match, lowest, last, limit)
}

/** The query in the words of FTS5. Empty: every line. Null: none can be found. */
function matchOf(file: Readable, query: LogQuery): string | null {
  const parts: string[] = []
  if (query.nodes !== undefined && query.nodes.length > 0) {
    const ids = query.nodes.flatMap((name) => {
      const row = file.sql('select id from nodes where name = ?').get(name)
      return row === undefined ? [] : [`n${row.id}`]
    })
    if (ids.length === 0) return null
    parts.push(anyTag(ids))
  }
  if (query.level !== undefined && query.level !== 'trace') {
    const least = weightOf(query.level)
    parts.push(
      anyTag(
        levels
          .map(weightOf)
          .filter((weight) => weight >= least)
          .map((weight) => `l${weight}`),
      ),
    )
  }
  if (query.trace !== undefined) parts.push(anyTag([`t${tokenOf(query.trace)}`]))
  return withWords(parts, readWanted(query.text ?? ''))
}

function withWords(parts: readonly string[], wanted: readonly Wanted[]): string {
  const there = wanted.filter(({ isExcluded }) => !isExcluded).map(phraseOf)
  const gone = wanted.filter(({ isExcluded }) => isExcluded).map(phraseOf)
  // The shortest lists first would be the index's own choice; it takes them as they stand.
  const all = [...there, ...parts]
  if (all.length === 0 && gone.length > 0)
    all.push(anyTag(levels.map((level) => `l${weightOf(level)}`)))
  const needed = all.join(' AND ')
  return gone.length === 0 ? needed : `(${needed}) NOT (${gone.join(' OR ')})`
}

const anyTag = (tags: readonly string[]): string => `(tags : (${tags.join(' OR ')}))`

const phraseOf = ({ phrase, isPrefix }: Wanted): string =>
  `(text : "${phrase.join(' ')}"${isPrefix ? ' *' : ''})`

function lineOf(row: Row): LogLine {
  return {
    id: String(row.id),
    at: timeOf(Number(row.id)),
    node: String(row.node),
    level: levelOfWeight(Number(row.level)),
    message: String(row.message),
    trace: row.trace === null ? null : String(row.trace),
    fields: JSON.parse(String(row.fields)),
  }
}

/** How many lines bear the id of a trace. */
export function linesOfTrace(file: Readable, trace: string): number {
  const token = tokenOf(trace)
  if (token === '') return 0
  const match = anyTag([`t${token}`])
  const row = file.guarded(() =>
    file.sql('select count(*) as count from words where words match ?').get(match),
  )
  return Number(row?.count ?? 0)
}
