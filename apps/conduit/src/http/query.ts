import { textFault } from './fields.ts'
import { type Faults, invalid } from './problem.ts'
import { rules } from './rules.ts'

/** Which articles of a list are asked for: `limit` of them after the first `offset`. */
export type Page = { readonly limit: number; readonly offset: number }

/** The filters of the article list; null where none was asked for. */
export type Filters = {
  readonly tag: string | null
  readonly author: string | null
  readonly favorited: string | null
}

type Query = Readonly<Record<string, unknown>>

/**
 * A page is bounded, so that one request cannot ask for a whole table: reaching offset n costs
 * n steps in an index on every shard.
 */
const pageRules = {
  limit: { min: 1, max: 100, otherwise: 20 },
  offset: { min: 0, max: 1_000_000, otherwise: 0 },
} as const

/** Reads `limit` and `offset` of a query string, or throws what is wrong with them. */
export function readPage(query: Query): Page {
  const faults: Faults = {}
  const page = {
    limit: readNumber(query, 'limit', faults),
    offset: readNumber(query, 'offset', faults),
  }
  if (Object.keys(faults).length > 0) throw invalid(faults)
  return page
}

function readNumber(query: Query, name: keyof typeof pageRules, faults: Faults): number {
  const { min, max, otherwise } = pageRules[name]
  const text = query[name]
  if (text === undefined || text === '') return otherwise
  const value = typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  faults[name] = [`must be a whole number from ${min} to ${max}`]
  return otherwise
}

/** Reads the filters of a query string, or throws what is wrong with them. */
export function readFilters(query: Query): Filters {
  const faults: Faults = {}
  const filters = {
    tag: readFilter(query, 'tag', faults),
    author: readFilter(query, 'author', faults),
    favorited: readFilter(query, 'favorited', faults),
  }
  if (Object.keys(faults).length > 0) throw invalid(faults)
  return filters
}

function readFilter(query: Query, name: keyof Filters, faults: Faults): string | null {
  const value = query[name]
  if (value === undefined || value === '') return null
  const fault = textFault(value, name === 'tag' ? rules.tag : { max: rules.username.max })
  if (fault !== null) faults[name] = [fault]
  return fault === null ? (value as string) : null
}
