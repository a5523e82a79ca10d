import type { LogLevel, LogQuery } from '@banyan/store/api'
import { type RangeName, rangeNamed, ranges } from '../charts/range.ts'

/** What a page of logs looks for, as its fields have it and as its address says it. */
export type Filters = {
  readonly text: string
  readonly nodes: readonly string[]
  readonly level: LogLevel | null
  readonly trace: string | null
  readonly time: FilterTime
}

export type FilterTime =
  | { readonly kind: 'all' }
  | { readonly kind: 'last'; readonly name: RangeName }
  | { readonly kind: 'between'; readonly from: number; readonly to: number }

export const levels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

export const noFilters: Filters = {
  text: '',
  nodes: [],
  level: null,
  trace: null,
  time: { kind: 'all' },
}

/**
 * The filters that an address names. What it says wrongly is left out: a page that shows more is better than none.
 *
 * @example
 * readFilters(new URLSearchParams('node=web-1&level=error&text=boom'))
 */
export const readFilters = (params: URLSearchParams): Filters => ({
  text: params.get('text') ?? '',
  nodes: [...new Set((params.get('node') ?? '').split(',').filter((node) => node !== ''))],
  level: levels.find((level) => level === params.get('level')) ?? null,
  trace: params.get('trace') || null,
  time: readTime(params),
})

const readTime = (params: URLSearchParams): FilterTime => {
  const [from, to] = [params.get('from'), params.get('to')].map((text) =>
    Number(text ?? Number.NaN),
  )
  if (from !== undefined && to !== undefined && Number.isFinite(from) && to > from)
    return { kind: 'between', from, to }
  const name = rangeNamed(params.get('range') ?? undefined)
  return name === undefined ? { kind: 'all' } : { kind: 'last', name }
}

/** What an address says of these filters; of none it is empty. */
export const printFilters = (filters: Filters): Record<string, string> => ({
  ...(filters.nodes.length === 0 ? {} : { node: filters.nodes.join(',') }),
  ...(filters.level === null ? {} : { level: filters.level }),
  ...(filters.text.trim() === '' ? {} : { text: filters.text.trim() }),
  ...(filters.trace === null ? {} : { trace: filters.trace }),
  ...printTime(filters.time),
})

const printTime = (time: FilterTime): Record<string, string> => {
  if (time.kind === 'last') return { range: time.name }
  return time.kind === 'between' ? { from: `${time.from}`, to: `${time.to}` } : {}
}

/** What is asked of the store for them, at this moment. */
export const queryOf = (filters: Filters, now: number): LogQuery => ({
  ...(filters.text.trim() === '' ? {} : { text: filters.text.trim() }),
  ...(filters.nodes.length === 0 ? {} : { nodes: filters.nodes }),
  ...(filters.level === null ? {} : { level: filters.level }),
  ...(filters.trace === null ? {} : { trace: filters.trace }),
  ...timesOf(filters.time, now),
})

const timesOf = (time: FilterTime, now: number): { from?: number; to?: number } => {
  if (time.kind === 'between') return { from: time.from, to: time.to }
  if (time.kind === 'last')
    return { from: now - (ranges.find(({ name }) => name === time.name)?.ms ?? 0) }
  return {}
}

/**
 * What was looked for, in words, for the sentence that says that nothing was found.
 *
 * @example
 * sayFilters({ ...noFilters, text: 'boom', nodes: ['web-1'] }) // '“boom” on web-1'
 */
export const sayFilters = (filters: Filters, sayMoment: (at: number) => string): string => {
  const parts = [
    filters.text.trim() === '' ? 'any line' : `“${filters.text.trim()}”`,
    filters.nodes.length === 0 ? '' : `on ${filters.nodes.join(' or ')}`,
    filters.level === null ? '' : `at level ${filters.level} or above`,
    filters.trace === null ? '' : `of trace ${filters.trace}`,
    sayTime(filters.time, sayMoment),
  ]
  return parts.filter((part) => part !== '').join(' ')
}

const sayTime = (time: FilterTime, sayMoment: (at: number) => string): string => {
  if (time.kind === 'between') return `from ${sayMoment(time.from)} to ${sayMoment(time.to)}`
  if (time.kind === 'last')
    return `in the last ${ranges.find(({ name }) => name === time.name)?.label ?? ''}`
  return ''
}
