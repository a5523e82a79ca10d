import type { Moment } from './moment.ts'
import { printRange, type Range, readRange } from './range.ts'

/** What an address says of the page of charts. */
export type Shown = { readonly range: Range; readonly moment: Moment | null }

type Params = Record<string, string | number | null>

export const printShown = ({ range, moment }: Shown): Params => ({
  ...printRange(range),
  at: moment?.at ?? null,
  step: moment?.stepMs ?? null,
  slow: moment?.minMs ?? null,
})

export const readShown = (params: URLSearchParams): Shown => ({
  range: readRange(params),
  moment: readMoment(params),
})

const readMoment = (params: URLSearchParams): Moment | null => {
  const [at, stepMs, minMs] = ['at', 'step', 'slow'].map((name) => numberIn(params, name))
  if (at === null || at === undefined) return null
  return { at, stepMs: stepMs ?? 1000, minMs: minMs ?? null }
}

const numberIn = (params: URLSearchParams, name: string): number | null => {
  const value = Number.parseFloat(params.get(name) ?? '')
  return Number.isFinite(value) ? value : null
}
