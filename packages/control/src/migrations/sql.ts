import { loadParser } from '../sql-parser.ts'
import type { Statement } from './migration.ts'

/** What the parser gives: statements by name, with places in bytes. */
type RawStatement = {
  stmt?: Record<string, Statement['node']>
  stmt_location?: number
  stmt_len?: number
}

type Place = Pick<Statement, 'line' | 'column'>

/**
 * Splits a file into its statements with PostgreSQL's own parser. A text that it does not
 * understand comes back whole: the server will say what is wrong with it, or knows a newer syntax.
 */
export async function parseStatements(sql: string): Promise<Statement[]> {
  if (sql.trim() === '') return []
  const parse = await loadParser()
  let parsed: RawStatement[]
  try {
    parsed = (parse(sql) as { stmts?: RawStatement[] }).stmts ?? []
  } catch {
    return [{ sql, line: 1, column: 1, kind: null, node: {} }]
  }
  const locate = locator(sql)
  return parsed.map(locate)
}

/** Goes through the text once: counting from its start for each statement is quadratic. */
function locator(sql: string): (raw: RawStatement) => Statement {
  const bytes = Buffer.from(sql)
  let at = 0
  let place: Place = { line: 1, column: 1 }
  return ({ stmt, stmt_location = 0, stmt_len }) => {
    const end = stmt_len === undefined ? bytes.length : stmt_location + stmt_len
    const text = bytes.toString('utf8', stmt_location, end)
    const start = stmt_location + Buffer.byteLength(text) - Buffer.byteLength(text.trimStart())
    place = placeAfter(place, bytes.toString('utf8', at, start))
    at = start
    const [kind, node] = Object.entries(stmt ?? {})[0] ?? [null, {}]
    return { sql: text.trim(), ...place, kind, node }
  }
}

/** The place after a text that begins at another. */
function placeAfter({ line, column }: Place, text: string): Place {
  const lines = text.split('\n')
  const characters = [...(lines.at(-1) ?? '')].length
  if (lines.length === 1) return { line, column: column + characters }
  return { line: line + lines.length - 1, column: characters + 1 }
}

/** Where in the file the server's position lies: characters of the statement, from 1. */
export function placeInFile(statement: Statement, position: number): Place {
  return placeAfter(statement, [...statement.sql].slice(0, position - 1).join(''))
}
