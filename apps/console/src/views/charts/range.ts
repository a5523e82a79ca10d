/** What stretch of time a page of charts shows. */
export type Range =
  /** Up to now, and moving on. */
  | { readonly kind: 'live'; readonly name: RangeName }
  /** Zoomed in: it stands still. */
  | { readonly kind: 'fixed'; readonly from: number; readonly to: number }

export type RangeName = '5m' | '15m' | '1h' | '6h' | '24h'

const minute = 60_000

export const ranges: readonly { name: RangeName; label: string; ms: number }[] = [
  { name: '5m', label: '5 min', ms: 5 * minute },
  { name: '15m', label: '15 min', ms: 15 * minute },
  { name: '1h', label: '1 h', ms: 60 * minute },
  { name: '6h', label: '6 h', ms: 360 * minute },
  { name: '24h', label: '24 h', ms: 1440 * minute },
]

export const defaultRange: Range = { kind: 'live', name: '5m' }

/** The name in an address, or undefined for one that nobody wrote. */
export const rangeNamed = (name: string | undefined): RangeName | undefined =>
  ranges.find((range) => range.name === name)?.name

export const lengthOf = (range: Range): number =>
  range.kind === 'fixed'
    ? range.to - range.from
    : (ranges.find(({ name }) => name === range.name)?.ms ?? 5 * minute)

/** How a range is written in an address, and read from one. */
export const printRange = (range: Range): Record<string, string> =>
  range.kind === 'live' ? { range: range.name } : { from: `${range.from}`, to: `${range.to}` }

export const readRange = (params: URLSearchParams): Range => {
  const from = Number(params.get('from') ?? Number.NaN)
  const to = Number(params.get('to') ?? Number.NaN)
  if (Number.isFinite(from) && Number.isFinite(to) && to > from) return { kind: 'fixed', from, to }
  return { kind: 'live', name: rangeNamed(params.get('range') ?? undefined) ?? '5m' }
}
