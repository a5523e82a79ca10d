import { createHash } from 'node:crypto'
import { banyanSchema } from '../roles.ts'

/** PostgreSQL cuts every name to this many bytes. */
const nameBytesMax = 63

export type Lookup = { readonly schema: string; readonly name: string }

/**
 * Where the values of a unique declaration live, beside the shard key of the row that has them.
 *
 * @example lookupOf('users', ['email']) // { schema: 'banyan', name: 'unique_users_email' }
 */
export function lookupOf(table: string, columns: readonly string[]): Lookup {
  return { schema: banyanSchema, name: shorten(['unique', table, ...columns].join('_')) }
}

/** The trigger function that keeps a lookup. */
export const keeperOf = (table: string, columns: readonly string[]): string =>
  shorten(['keep', table, ...columns].join('_'))

/** The trigger function that empties a lookup when its table is truncated. */
export const truncaterOf = (table: string, columns: readonly string[]): string =>
  shorten(['truncate', table, ...columns].join('_'))

/**
 * A trigger's name. PostgreSQL fires triggers in the order of their names: a digit sorts before
 * every letter, so a taken value is reported before foreign keys (`RI_…`) and the app's own
 * triggers are looked at, as it is with an index.
 */
export const triggerOf = (columns: readonly string[], event: string): string =>
  shorten(`1_banyan_${columns.join('_')}`, `_${event}`)

/** Fires before the lookups' triggers, so that a change of the key is called by its name. */
export const keyTrigger = '0_banyan_key'

/** Fires last among BEFORE triggers, so that it sees what the others made of the row. */
export const keyTriggerBefore = '~banyan_key'

/** A name too long for PostgreSQL ends in a hash of the whole, so that two never become one. */
function shorten(name: string, suffix = ''): string {
  if (Buffer.byteLength(name + suffix) <= nameBytesMax) return name + suffix
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${clip(name, nameBytesMax - 9 - suffix.length)}_${hash}${suffix}`
}

/**
 * The name that PostgreSQL would give to the constraint of `unique (columns)`: table, columns and
 * `key`; when too long, the longer of the first two is cut, byte by byte, until all fits.
 */
export function constraintNameOf(table: string, columns: readonly string[]): string {
  const joined = joinColumns(columns)
  let tableBytes = Buffer.byteLength(table)
  let columnBytes = Buffer.byteLength(joined)
  while (tableBytes + columnBytes > nameBytesMax - '__key'.length) {
    if (tableBytes > columnBytes) tableBytes--
    else columnBytes--
  }
  return `${clip(table, tableBytes)}_${clip(joined, columnBytes)}_key`
}

/** PostgreSQL stops adding columns once the name is full. */
function joinColumns(columns: readonly string[]): string {
  let joined = ''
  for (const column of columns) {
    joined += joined === '' ? column : `_${column}`
    if (Buffer.byteLength(joined) > nameBytesMax) break
  }
  return joined
}

/** Cuts to a number of bytes without cutting a character in two. */
function clip(text: string, bytesMax: number): string {
  let bytes = 0
  let kept = ''
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > bytesMax) break
    kept += character
  }
  return kept
}
