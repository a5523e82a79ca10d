import type { Facts, Found, Rule } from '../../rule.ts'
import { callsOf } from '../look.ts'

const makers: Readonly<Record<string, readonly string[]>> = {
  'node:sqlite': ['DatabaseSync'],
  'better-sqlite3': ['default'],
  sqlite3: ['Database'],
  '@libsql/client': [],
  lowdb: ['Low', 'LowSync'],
  nedb: ['default'],
}

export const localDatabase: Rule = {
  id: 'local-database',
  rungs: ['balanced'],
  severity: 'blocks',
  what: 'A database in a file of the web server: SQLite, lowdb, nedb.',
  why: 'Every web server would have its own, and the next release begins in a folder without it.',
  mend: 'Keep the data in PostgreSQL, where every web server finds it.',
  *find({ web }: Facts): Iterable<Found> {
    for (const source of web) {
      for (const { node, imported } of callsOf(source, Object.keys(makers))) {
        if (node.type !== 'NewExpression') continue
        if (!makers[imported.module]?.includes(imported.name)) continue
        const what = `It opens a database in a local file (${imported.module}).`
        yield { file: source.path, line: source.lineOf(node), what }
      }
    }
  },
}
