import { loadParser } from '../../sql-parser.ts'
import type { Source } from '../sources/source.ts'
import { type SqlText, sqlTextsOf, type Via } from './text.ts'
import type { Tree } from './tree.ts'

/** A statement in the app's code, parsed. */
export type CodeStatement = {
  readonly source: Source
  readonly via: Via
  /** The parser's name of its kind: `SelectStmt`. */
  readonly kind: string
  readonly node: Tree
  /** The line of a place of the tree, which counts in bytes. */
  readonly lineAt: (location: number) => number
}

export type ReadStatements = {
  readonly statements: readonly CodeStatement[]
  /** Texts that begin like SQL, and that the parser did not understand. */
  readonly notUnderstood: number
}

type Parsed = { stmts?: { stmt?: Record<string, Tree> }[] }

/** Finds the SQL in code. PostgreSQL's parser is loaded only when there is any. */
export async function readStatements(sources: readonly Source[]): Promise<ReadStatements> {
  const texts = sources
    .flatMap((source) => sqlTextsOf(source))
    .filter(({ sql }) => looksLikeSql(sql))
  if (texts.length === 0) return { statements: [], notUnderstood: 0 }
  const parse = await loadParser()
  const statements: CodeStatement[] = []
  let notUnderstood = 0
  for (const text of texts) {
    try {
      statements.push(...statementsOf(text, parse(text.sql) as Parsed))
    } catch {
      notUnderstood++
    }
  }
  return { statements, notUnderstood }
}

const looksLikeSql = (sql: string): boolean =>
  /^(\s|--.*\n|\/\*[\s\S]*?\*\/)*(select|insert|update|delete|merge|with|listen|notify|truncate|lock|create|alter)\b/i.test(
    sql,
  )

function statementsOf({ sql, source, via, lineAt }: SqlText, parsed: Parsed): CodeStatement[] {
  const bytes = Buffer.from(sql)
  const toLine = (location: number) => lineAt(bytes.toString('utf8', 0, location).length)
  const first = sql.length - sql.trimStart().length
  return (parsed.stmts ?? []).flatMap(({ stmt }) => {
    const [kind, node] = Object.entries(stmt ?? {})[0] ?? []
    if (kind === undefined || node === undefined) return []
    return [
      { source, via, kind, node, lineAt: (at: number) => (at > 0 ? toLine(at) : lineAt(first)) },
    ]
  })
}
