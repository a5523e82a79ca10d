import { BanyanError, type RuntimeFile, type ShardedTable } from '@banyan/model'
import { lookupOf, quoteName } from '@banyan/postgres'

/** A unique value of the system: what `data.by` asks for. */
export type Lookup = {
  readonly name: string
  readonly columns: readonly string[]
  /** Takes the values in the order of the columns, gives one row with `key`, or none. */
  readonly text: string
}

/** Every unique value by its name: table, dot, columns with commas. */
export function lookupsOf({ system, adopted }: RuntimeFile): ReadonlyMap<string, Lookup> {
  const lookups = new Map<string, Lookup>()
  for (const table of system.data?.tables ?? []) {
    if (table.kind !== 'sharded') continue
    for (const columns of table.unique) {
      const source = adopted === true ? inTable(table) : inLookup(table, columns)
      const lookup = describe(table, columns, source)
      lookups.set(lookup.name, lookup)
    }
  }
  return lookups
}

/** The relation that is asked, as SQL. */
function inLookup(table: ShardedTable, columns: readonly string[]): string {
  const { schema, name } = lookupOf(table.name, columns)
  return `${quoteName(schema)}.${quoteName(name)}`
}

/** Nothing of ours is in an adopted database: the table is asked, by its own unique index. */
const inTable = (table: ShardedTable): string => `public.${quoteName(table.name)}`

function describe(table: ShardedTable, columns: readonly string[], source: string): Lookup {
  const match = columns.map((column, at) => `${quoteName(column)} = $${at + 1}`)
  return {
    name: `${table.name}.${columns.join(',')}`,
    columns,
    text: `select ${quoteName(table.by)}::text as key from ${source} where ${match.join(' and ')}`,
  }
}

export function findLookup(lookups: ReadonlyMap<string, Lookup>, name: unknown): Lookup {
  const lookup = lookups.get(String(name))
  if (lookup !== undefined) return lookup
  const known = [...lookups.keys()]
  throw new BanyanError(
    'BANYAN_LOOKUP_UNKNOWN',
    `There is no unique value named ${JSON.stringify(name)}.`,
    {
      hint:
        known.length === 0
          ? "Declare one in banyan.config.ts: users: { by: 'id', unique: ['email'] }"
          : `Known are: ${known.join(', ')}.`,
      details: { name: String(name), known },
    },
  )
}

/** Brings what the app passed to one value per column, none of them missing. */
export function lookupValues(lookup: Lookup, value: unknown): unknown[] {
  const values = valuesOf(lookup, value)
  const missing = lookup.columns.filter((_, at) => values[at] === null || values[at] === undefined)
  if (missing.length === 0) return values
  throw invalid(lookup, `has no value for ${missing.join(', ')}`)
}

function valuesOf(lookup: Lookup, value: unknown): unknown[] {
  const { columns } = lookup
  if (columns.length === 1 && !isRecord(value, columns)) return [value]
  if (Array.isArray(value)) {
    if (value.length === columns.length) return [...value]
    throw invalid(lookup, `was given ${value.length} values`)
  }
  if (isRecord(value, columns)) {
    const unknown = Object.keys(value).filter((name) => !columns.includes(name))
    if (unknown.length > 0) throw invalid(lookup, `was given ${unknown.join(', ')} besides`)
    return columns.map((column) => value[column])
  }
  throw invalid(lookup, `was given ${value === null ? 'null' : typeof value}`)
}

const isRecord = (value: unknown, columns: readonly string[]): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  columns.some((column) => Object.hasOwn(value, column))

const invalid = (lookup: Lookup, found: string): BanyanError =>
  new BanyanError('BANYAN_LOOKUP_INVALID', `The lookup ${lookup.name} ${found}.`, {
    hint:
      lookup.columns.length === 1
        ? `Pass the value of ${lookup.columns[0]}; a missing one is never found, since NULL is not unique.`
        : `Pass an object with ${lookup.columns.join(', ')}, or the values as a list in this order.`,
    details: { name: lookup.name, columns: lookup.columns },
  })
