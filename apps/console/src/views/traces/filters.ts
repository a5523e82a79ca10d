import type { TraceQuery } from '@banyan/store/api'
import { type RangeName, rangeNamed, ranges } from '../charts/range.ts'

/** What a page of traces looks for. */
export type TraceFilters = {
  readonly route: string
  readonly node: string
  readonly errors: boolean
  readonly minMs: number | null
  readonly order: 'newest' | 'slowest'
  readonly time:
    | { readonly kind: 'last'; readonly name: RangeName }
    | { readonly kind: 'between'; readonly from: number; readonly to: number }
    | { readonly kind: 'all' }
}

export const noTraceFilters: TraceFilters = {
  route: '',
  node: '',
  errors: false,
  minMs: null,
  order: 'newest',
  time: { kind: 'all' },
}

const numberOf = (text: string | null): number | null => {
  const value = Number.parseFloat(text ?? '')
  return Number.isFinite(value) && value >= 0 ? value : null
}

/** The filters that an address names; what it says wrongly is left out. */
export const readTraceFilters = (params: URLSearchParams): TraceFilters => ({
  route: params.get('route') ?? '',
  node: params.get('node') ?? '',
  errors: params.get('errors') === 'true',
  minMs: numberOf(params.get('min')),
  order: params.get('order') === 'slowest' ? 'slowest' : 'newest',
  time: readTime(params),
})

const readTime = (params: URLSearchParams): TraceFilters['time'] => {
  const [from, to] = [numberOf(params.get('from')), numberOf(params.get('to'))]
  if (from !== null && to !== null && to > from) return { kind: 'between', from, to }
  const name = rangeNamed(params.get('range') ?? undefined)
  return name === undefined ? { kind: 'all' } : { kind: 'last', name }
}

/** What an address says of them. */
export const printTraceFilters = (filters: TraceFilters): Record<string, string> => ({
  ...(filters.route.trim() === '' ? {} : { route: filters.route.trim() }),
  ...(filters.node === '' ? {} : { node: filters.node }),
  ...(filters.errors ? { errors: 'true' } : {}),
  ...(filters.minMs === null ? {} : { min: `${filters.minMs}` }),
  ...(filters.order === 'newest' ? {} : { order: filters.order }),
  ...(filters.time.kind === 'last' ? { range: filters.time.name } : {}),
  ...(filters.time.kind === 'between'
    ? { from: `${filters.time.from}`, to: `${filters.time.to}` }
    : {}),
})

/** What is asked of the store for them, at this moment. */
export const traceQueryOf = (filters: TraceFilters, now: number): TraceQuery => {
  const { route, node, errors, minMs, order, time } = filters
  return {
    order,
    limit: 100,
    ...(route.trim() === '' ? {} : { route: route.trim() }),
    ...(node === '' ? {} : { node }),
    ...(errors ? { errors } : {}),
    ...(minMs === null ? {} : { minMs }),
    ...(time.kind === 'between' ? { from: time.from, to: time.to } : {}),
    ...(time.kind === 'last'
      ? { from: now - (ranges.find(({ name }) => name === time.name)?.ms ?? 0) }
      : {}),
  }
}
