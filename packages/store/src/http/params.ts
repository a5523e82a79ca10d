import type { LogLevel, LogQuery, MetricQuery, TraceQuery } from '../api/types.ts'
import { isRecord } from '../is-record.ts'
import { levels } from '../logs/line.ts'
import { invalid } from './body.ts'

/** Steps of an answer; a chart has no more pixels. */
const stepsMax = 11_000

/** Reads fields of a query; whatever is wrong is said, and nothing is guessed. */
class Params {
  readonly #params: URLSearchParams

  constructor(params: URLSearchParams) {
    this.#params = params
  }

  text(name: string): string | undefined {
    const value = this.#params.get(name)
    return value === null || value === '' ? undefined : value
  }

  number(name: string, bounds: { min: number; max: number; whole?: boolean }): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const value = Number(text)
    const { min, max, whole = false } = bounds
    if (!(value >= min && value <= max) || (whole && !Number.isInteger(value)))
      throw invalid(`${name} is "${text}", and should be a number from ${min} to ${max}.`)
    return value
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const found = values.find((value) => value === text)
    if (found === undefined)
      throw invalid(`${name} is "${text}", and should be one of ${values.join(', ')}.`)
    return found
  }

  /** Repeated, or with commas between. */
  list(name: string): string[] {
    return this.#params
      .getAll(name)
      .flatMap((text) => text.split(',').filter((part) => part !== ''))
  }
}

const time = { min: 0, max: 8.64e15 }

/** Leaves out what is undefined, as the types ask for it. */
function defined<T extends Record<string, unknown>>(
  values: T,
): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const there = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there) as { [Key in keyof T]?: Exclude<T[Key], undefined> }
}

export function readLogQuery(search: URLSearchParams): LogQuery {
  const params = new Params(search)
  const nodes = params.list('nodes')
  return defined({
    text: params.text('text'),
    nodes: nodes.length > 0 ? nodes : undefined,
    level: params.oneOf<LogLevel>('level', levels),
    trace: params.text('trace'),
    from: params.number('from', time),
    to: params.number('to', time),
    limit: params.number('limit', { min: 1, max: 1_000, whole: true }),
    before:
      params.number('before', { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }) === undefined
        ? undefined
        : params.text('before'),
  })
}

export function readTraceQuery(search: URLSearchParams): TraceQuery {
  const params = new Params(search)
  const errors = params.oneOf('errors', ['true', 'false', '1', '0'])
  return defined({
    from: params.number('from', time),
    to: params.number('to', time),
    route: params.text('route'),
    node: params.text('node'),
    errors: errors === undefined ? undefined : errors === 'true' || errors === '1',
    minMs: params.number('minMs', time),
    maxMs: params.number('maxMs', time),
    limit: params.number('limit', { min: 1, max: 1_000, whole: true }),
    order: params.oneOf('order', ['newest', 'slowest'] as const),
  })
}

export function readSpan(search: URLSearchParams, now: number): { from: number; to: number } {
  const params = new Params(search)
  const to = params.number('to', time) ?? now
  return { from: params.number('from', time) ?? to - 3_600_000, to }
}

const functions: readonly MetricQuery['fn'][] = [
  'rate',
  'increase',
  'quantile',
  'mean',
  'sum',
  'max',
  'min',
]

export function readMetricQuery(said: unknown): MetricQuery {
  if (!isRecord(said)) throw invalid('The query is no object.')
  const { metric, where = {}, by = [], fn, q, from, to, stepMs } = said
  if (typeof metric !== 'string' || metric === '') throw invalid('metric should be a name.')
  const known = functions.find((name) => name === fn)
  if (known === undefined) throw invalid(`fn should be one of ${functions.join(', ')}.`)
  if (known === 'quantile' && !(typeof q === 'number' && q >= 0 && q <= 1))
    throw invalid('q should be a number from 0 to 1.')
  if (!Array.isArray(by) || !by.every((name) => typeof name === 'string'))
    throw invalid('by should be a list of labels.')
  if (!isWhere(where)) throw invalid('where should have a text or a list of texts for each label.')
  const grid = readGrid(from, to, stepMs)
  return { metric, where, by, fn: known, ...(typeof q === 'number' && { q }), ...grid }
}

function isWhere(where: unknown): where is Record<string, string | string[]> {
  const isText = (value: unknown) => typeof value === 'string'
  return (
    isRecord(where) &&
    Object.values(where).every(
      (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
    )
  )
}

function readGrid(
  from: unknown,
  to: unknown,
  stepMs: unknown,
): Pick<MetricQuery, 'from' | 'to' | 'stepMs'> {
  if (typeof from !== 'number' || typeof to !== 'number' || !(from >= 0) || !(to > from))
    throw invalid('from and to should be milliseconds since 1970, from the earlier.')
  if (typeof stepMs !== 'number' || !(stepMs >= 1_000))
    throw invalid('stepMs should be at least 1000.')
  if ((to - from) / stepMs > stepsMax)
    throw invalid(`There are more than ${stepsMax} steps from from to to; take a longer stepMs.`)
  return { from, to, stepMs }
}
