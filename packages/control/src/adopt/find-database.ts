import { lineAt } from './manifest.ts'
import type { AppFiles, DatabaseSource, Note } from './types.ts'

export type FoundDatabase = {
  readonly database: DatabaseSource | null
  readonly notes: readonly Note[]
}

/** In the order in which the common loaders let one win over the other. */
const environmentFiles = ['.env', '.env.local', '.env.development.local', '.env.development']

/** Names under which the URL of a database is known; the first is everybody's. */
const variables = ['DATABASE_URL', 'POSTGRES_URL', 'PG_URL', 'POSTGRESQL_URL', 'DB_URL']

/**
 * Where the app's database is: in the environment, in an environment file, or only in a compose file,
 * which says that there is one but not its URL. Nothing of a value is kept or shown: it has a password.
 */
export function findDatabase(files: AppFiles): FoundDatabase {
  const { environmentUrl } = files
  if (environmentUrl !== null) return judge(environmentUrl, inEnvironment)
  for (const path of environmentFiles) {
    for (const variable of variables) {
      const found = settingIn(files.texts.get(path) ?? '', variable)
      if (found === null || (variable !== 'DATABASE_URL' && !isPostgres(found.value))) continue
      const load = path !== '.env'
      return judge(found.value, { variable, where: path, line: found.line, load })
    }
  }
  return fromCompose(files)
}

const inEnvironment: DatabaseSource = {
  variable: 'DATABASE_URL',
  where: 'environment',
  line: null,
  load: false,
}

const isPostgres = (url: string): boolean => /^postgres(ql)?:\/\//.test(url)

function judge(url: string, source: DatabaseSource): FoundDatabase {
  if (isPostgres(url)) return { database: source, notes: [] }
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]
  const note = {
    file: source.where,
    line: source.line,
    what: `${source.variable} names ${scheme === undefined ? 'no URL' : `a database of ${scheme}`}, and Banyan adopts PostgreSQL only; the config leaves it out.`,
    mend: 'The app goes on using it by itself. To adopt a PostgreSQL, give its URL: data: { url: process.env.DATABASE_URL }.',
  }
  return { database: null, notes: [note] }
}

/** One setting of an environment file, the last one winning, as the loaders do. */
function settingIn(text: string, name: string): { value: string; line: number } | null {
  const lines = [
    ...text.matchAll(new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*(.*)$`, 'gm')),
  ]
  const last = lines.at(-1)
  const value = unquote((last?.[1] ?? '').trim())
  return last === undefined || value === '' ? null : { value, line: lineAt(text, last.index) }
}

function unquote(text: string): string {
  const quoted = /^(["'`])(.*?)\1/.exec(text)
  return quoted?.[2] ?? text.replace(/\s+#.*$/, '')
}

function fromCompose(files: AppFiles): FoundDatabase {
  for (const [path, text] of files.texts) {
    if (!/(^|\/)(docker-)?compose(\.[\w-]+)?\.ya?ml$/.test(path)) continue
    const image = /^\s*image:\s*["']?[\w./-]*(postgres|postgis|timescale|pgvector)[\w./:-]*/m.exec(
      text,
    )
    if (image === null) continue
    const note = {
      file: path,
      line: lineAt(text, image.index + image[0].search(/\S/)),
      what: 'A PostgreSQL runs there, but no DATABASE_URL says how to reach it.',
      mend: 'Write it into .env: DATABASE_URL=postgres://USER:PASSWORD@127.0.0.1:5432/NAME, with what the compose file says.',
    }
    const database = { variable: 'DATABASE_URL', where: path, line: note.line, load: false }
    return { database, notes: [note] }
  }
  return { database: null, notes: [] }
}
