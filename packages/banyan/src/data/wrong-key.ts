import { BanyanError } from '@banyan/model'
import { keyPolicy } from '@banyan/postgres'
import pg from 'pg'
import type { Compiled } from './sql.ts'

const statementShown = 500

/** A key and the declared sharded tables. */
export type Narrowed = {
  readonly key: string
  readonly tables: readonly { readonly name: string; readonly by: string }[]
}

/** What a statement did that belongs to another key. */
export type Trespass = 'wrote' | 'reached' | 'truncated'

const words: Record<Trespass, string> = {
  wrote: 'writes a row of another key',
  reached: 'finds nothing under it, and something among the rows of other keys',
  truncated: 'empties the rows of every key',
}

const hints: Record<Trespass, string> = {
  wrote: 'Take the scope of the key that the row belongs to, or write the key of the scope',
  reached: 'Take the scope of the key whose rows are meant, or compare with the key of the scope',
  truncated: 'Delete the rows of one key, or truncate through Pool',
}

/** A statement in the scope of one key has to do with another: on shards it would fail, or find nothing. */
export function wrongKey(
  trespass: Trespass,
  { key, tables }: Narrowed,
  { text }: Compiled,
  cause?: unknown,
): BanyanError {
  const named = namedTables(text, tables)
  const columns = named.map(({ name, by }) => `${name}.${by}`).join(', ')
  const among = named.length === 0 ? '' : ` (${named.map(({ name }) => name).join(', ')})`
  const statement = shorten(text)
  return new BanyanError(
    'BANYAN_WRONG_KEY',
    `In the scope of the key ${JSON.stringify(key)} a statement ${words[trespass]}${among}: ${statement}`,
    {
      hint: `${hints[trespass]}${columns === '' ? '' : `: the shard key is ${columns}`}. Only narrow mode says so (\`banyan dev\`, \`banyan exec\`); later the rows of two keys may live on two servers.`,
      ...(cause === undefined ? {} : { cause }),
      details: { key, tables: named.map(({ name }) => name), statement },
    },
  )
}

/** The error of a row that our policy did not let pass. The app's own policies have other names. */
export const isRefusedByPolicy = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '42501' && error.message.includes(keyPolicy)

/** The tables that a statement names. */
export const namedTables = (text: string, tables: Narrowed['tables']): Narrowed['tables'] =>
  tables.filter(({ name }) => names(text, name))

/** Whether a text names a table, as a whole word. */
function names(text: string, table: string): boolean {
  const lower = text.toLowerCase()
  const wanted = table.toLowerCase()
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, at + 1)) {
    const before = lower[at - 1] ?? ' '
    const after = lower[at + wanted.length] ?? ' '
    if (!isWord.test(before) && !isWord.test(after)) return true
  }
  return false
}

const isWord = /[\p{L}\p{N}_$]/u

export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > statementShown ? `${line.slice(0, statementShown)}…` : line
}
