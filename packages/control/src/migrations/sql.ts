import type { Statement } from './migration.ts'

/** What the parser gives: statements by name, with places in bytes. */
type Node = Readonly<Record<string, unknown>>
type RawStatement = { stmt?: Record<string, Node>; stmt_location?: number; stmt_len?: number }

export type ParsedStatement = Statement & {
  /** The parser's name of the kind, `DropStmt`; null where the text was not understood. */
  readonly kind: string | null
  readonly node: Node
}

/**
 * Splits a file into its statements with PostgreSQL's own parser. A text that it does not
 * understand comes back whole: the server will say what is wrong with it, or knows a newer syntax.
 */
export async function parseStatements(sql: string): Promise<ParsedStatement[]> {
  if (sql.trim() === '') return []
  const { loadModule, parseSync } = await import('libpg-query')
  await loadModule()
  let parsed: RawStatement[]
  try {
    parsed = (parseSync(sql) as unknown as { stmts?: RawStatement[] }).stmts ?? []
  } catch {
    return [{ sql, line: 1, column: 1, kind: null, node: {} }]
  }
  const bytes = Buffer.from(sql)
  return parsed.map((raw) => locate(raw, bytes))
}

function locate(
  { stmt, stmt_location = 0, stmt_len }: RawStatement,
  bytes: Buffer,
): ParsedStatement {
  const end = stmt_len === undefined ? bytes.length : stmt_location + stmt_len
  const text = bytes.toString('utf8', stmt_location, end)
  const start = stmt_location + Buffer.byteLength(text) - Buffer.byteLength(text.trimStart())
  const [kind, node] = Object.entries(stmt ?? {})[0] ?? [null, {}]
  return { sql: text.trim(), ...placeOf(bytes.toString('utf8', 0, start)), kind, node }
}

/** The line and column just after a text. */
export function placeOf(before: string): { line: number; column: number } {
  const lines = before.split('\n')
  return { line: lines.length, column: [...(lines.at(-1) ?? '')].length + 1 }
}

/** Where in the file the server's position lies: characters of the statement, from 1. */
export function placeInFile(
  statement: Statement,
  position: number,
): { line: number; column: number } {
  const before = [...statement.sql].slice(0, position - 1).join('')
  const { line, column } = placeOf(before)
  return {
    line: statement.line + line - 1,
    column: line === 1 ? statement.column + column - 1 : column,
  }
}
