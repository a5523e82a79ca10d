import type { StoreLimits } from '../store-file.ts'
import {
  type Family,
  isBornAtZero,
  type Kind,
  keyOf,
  type Labels,
  type Role,
  type Series,
  seriesKey,
  type Target,
  wake,
} from './series.ts'

/** A row of the catalogue that is not on the disk yet. */
export type Unsaved = Target | Family | Series

export type NewSeries = {
  readonly metric: string
  readonly kind: Kind
  readonly role: Role
  readonly le: number | null
  /** As the target said them, without `le`. */
  readonly own: Labels
}

/** Every target, metric and series that is known, and their newest samples. Bounded: what is beyond is refused. */
export class Registry {
  readonly #targets = new Map<string, Target>()
  readonly #limits: Pick<StoreLimits, 'series' | 'seriesPerMetric'>
  #series = 0
  #nextId = 1
  /** What the next writing has to add to the catalogue. */
  unsaved: Unsaved[] = []

  constructor(limits: Pick<StoreLimits, 'series' | 'seriesPerMetric'>) {
    this.#limits = limits
  }

  get size(): number {
    return this.#series
  }

  targets(): Target[] {
    return [...this.#targets.values()]
  }

  target(labels: Labels, pushed: boolean): Target {
    const key = (pushed ? 'pushed' : '') + keyOf(labels)
    return this.#targets.get(key) ?? this.addTarget({ id: this.#nextId, key, labels, pushed })
  }

  addTarget(said: Pick<Target, 'id' | 'key' | 'labels' | 'pushed'>, saved = false): Target {
    const target: Target = { ...said, times: [], families: new Map(), active: [], readings: 0 }
    this.#targets.set(said.key, target)
    this.#took(target, saved)
    return target
  }

  /** The series of a line; null where there are too many already. */
  series(target: Target, said: NewSeries): Series | null {
    const { metric, kind, role, le, own } = said
    const family = this.#family(target, metric, kind, isBornAtZero(metric, own))
    const labels = { ...target.labels, ...own }
    const found = family.series.get(seriesKey({ role, le, labels }))
    if (found !== undefined) return found
    if (this.#series >= this.#limits.series || this.#isFull(family, labels)) return null
    return this.addSeries({ id: this.#nextId, family, role, le, labels })
  }

  addFamily(said: Omit<Family, 'series' | 'sets'>, saved = false): Family {
    const family: Family = { ...said, series: new Map(), sets: new Set() }
    said.target.families.set(said.metric, family)
    this.#took(family, saved)
    return family
  }

  addSeries(said: Pick<Series, 'id' | 'family' | 'role' | 'le' | 'labels'>, saved = false): Series {
    const series: Series = { ...said, values: [], seenIn: 0, seenAt: 0 }
    said.family.series.set(seriesKey(series), series)
    said.family.sets.add(keyOf(series.labels))
    this.#series += 1
    this.#took(series, saved)
    return series
  }

  /** The first of what was not on the disk is there now. */
  saved(count: number): void {
    this.unsaved = this.unsaved.slice(count)
  }

  /** Forgets series that nobody has seen since a time, with all that is empty then. */
  forget(before: number): { series: Series[]; families: Family[]; targets: Target[] } {
    const gone = { series: [] as Series[], families: [] as Family[], targets: [] as Target[] }
    for (const target of this.#targets.values()) {
      for (const family of target.families.values()) {
        gone.series.push(...forgetOf(family, before))
        if (family.series.size > 0) continue
        gone.families.push(family)
        target.families.delete(family.metric)
      }
      if (target.families.size === 0 && target.times.length === 0) gone.targets.push(target)
    }
    for (const { key } of gone.targets) this.#targets.delete(key)
    this.#series -= gone.series.length
    return gone
  }

  /** Leaves out of memory what is older than a time; series of which nothing is left then sleep. */
  trim(target: Target, before: number): void {
    let count = 0
    while (count < target.times.length && (target.times[count] as number) < before) count += 1
    if (count === 0) return
    target.times.splice(0, count)
    target.active = target.active.filter((series) => {
      series.values.splice(0, count)
      if (series.values.some((value) => !Number.isNaN(value))) return true
      series.values = []
      return false
    })
  }

  /** Where the clock has stepped back, what seems to be yet to come is no history. */
  cutFuture(target: Target, after: number): void {
    let left = target.times.length
    while (left > 0 && (target.times[left - 1] as number) >= after) left -= 1
    target.times.length = left
    for (const series of target.active) series.values.length = left
    if (left === 0) target.active = []
  }

  /** Sets the newest value of a series in the reading that is under way. */
  set(series: Series, value: number, at: number): void {
    const { target } = series.family
    if (series.values.length < target.times.length - 1 || series.values.length === 0) wake(series)
    series.values[target.times.length - 1] = value
    series.seenIn = target.readings
    series.seenAt = at
  }

  #family(target: Target, metric: string, kind: Kind, bornAtZero: boolean): Family {
    return (
      target.families.get(metric) ??
      this.addFamily({ id: this.#nextId, target, metric, kind, bornAtZero })
    )
  }

  /** A histogram's parts count as one set of labels. */
  #isFull({ sets }: Family, labels: Labels): boolean {
    return sets.size >= this.#limits.seriesPerMetric && !sets.has(keyOf(labels))
  }

  #took(row: Unsaved, saved: boolean): void {
    this.#nextId = Math.max(this.#nextId, row.id + 1)
    if (!saved) this.unsaved.push(row)
  }
}

function forgetOf(family: Family, before: number): Series[] {
  const old = [...family.series].filter(
    ([, { values, seenAt }]) => values.length === 0 && seenAt < before,
  )
  for (const [key] of old) family.series.delete(key)
  if (old.length > 0) {
    family.sets.clear()
    for (const { labels } of family.series.values()) family.sets.add(keyOf(labels))
  }
  return old.map(([, series]) => series)
}
