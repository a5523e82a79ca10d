import type { MetricType } from './prometheus-text.ts'
import { parseKey, readText } from './prometheus-text.ts'
import type { Registry } from './registry.ts'
import type { Kind, Labels, Role, Series, Target } from './series.ts'

/** What a target's lines mean, so that each is looked at closely only once. */
export type TargetLines = {
  readonly types: Map<string, MetricType>
  /** Null: there are too many series, and this one is left out. */
  readonly series: Map<string, Series | null>
}

export const noLines = (): TargetLines => ({ types: new Map(), series: new Map() })

/** More lines than a target may have series are forgotten, and looked at anew. */
const linesMax = 100_000

/** Begins a reading: every series that is not set in it was not there. */
export function beginReading(registry: Registry, target: Target, at: number): void {
  if (at <= (target.times.at(-1) ?? 0)) registry.cutFuture(target, at)
  target.times.push(at)
  target.readings += 1
}

export function endReading(target: Target): void {
  for (const series of target.active) {
    if (series.seenIn !== target.readings) series.values[target.times.length - 1] = Number.NaN
  }
}

/** Takes one answer of a target into the registry. Throws, and takes nothing, where it is no proper one. */
export function takeText(
  registry: Registry,
  target: Target,
  lines: TargetLines,
  said: { readonly text: string; readonly at: number },
): { samples: number; dropped: number } {
  const samples: [key: string, value: number][] = []
  readText(said.text, {
    onType: (name, type) => void lines.types.set(name, type),
    onSample: (key, value) => void samples.push([key, value]),
  })
  if (lines.series.size > linesMax) lines.series.clear()
  const found = samples.map(([key]) => findSeries(registry, target, lines, key))
  beginReading(registry, target, said.at)
  let dropped = 0
  for (const [index, [, value]] of samples.entries()) {
    const series = found[index] ?? null
    if (series === null) dropped += 1
    else if (!Number.isNaN(value)) registry.set(series, value, said.at)
  }
  endReading(target)
  return { samples: samples.length - dropped, dropped }
}

function findSeries(
  registry: Registry,
  target: Target,
  { types, series }: TargetLines,
  key: string,
): Series | null {
  const known = series.get(key)
  // One that slept may have been forgotten, and is looked for anew.
  if (known === null || (known !== undefined && known.values.length > 0)) return known
  const { name, labels } = parseKey(key)
  const found = registry.series(target, { ...placeOf(name, labels, types), ...split(labels) })
  series.set(key, found)
  return found
}

/** Which metric a name belongs to, and as what. */
function placeOf(
  name: string,
  labels: Labels,
  types: TargetLines['types'],
): { metric: string; kind: Kind; role: Role } {
  const [, base = name, end] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? []
  if (end !== undefined && types.get(base) === 'histogram')
    return { metric: base, kind: 'histogram', role: end as Role }
  const type = types.get(name)
  const isCount =
    end !== undefined && types.get(base) === 'summary' && labels.quantile === undefined
  return { metric: name, kind: type === 'counter' || isCount ? 'counter' : 'gauge', role: 'value' }
}

function split({ le, ...own }: Labels): { le: number | null; own: Labels } {
  if (le === undefined) return { le: null, own }
  return { le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), own }
}
