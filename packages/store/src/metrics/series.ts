import { entryMetrics, serveMetrics } from '@banyan/model'

export type Labels = Readonly<Record<string, string>>

/** What a series is of its metric: its value, or a part of a histogram. */
export type Role = 'value' | 'bucket' | 'sum' | 'count'

export type Kind = 'counter' | 'gauge' | 'histogram'

/** One line of a target's answer, over time. */
export type Series = {
  readonly id: number
  readonly family: Family
  readonly role: Role
  /** Upper bound of a bucket. */
  readonly le: number | null
  /** Those of the target and its own, which win; without `le`. */
  readonly labels: Labels
  /** Beside the times of the target; empty while it was not seen for as long as memory reaches. */
  values: number[]
  /** The number of the reading in which it was seen last. */
  seenIn: number
  seenAt: number
}

/** The series of one metric of one target: what is kept together, since it is asked for together. */
export type Family = {
  readonly id: number
  readonly target: Target
  readonly metric: string
  readonly kind: Kind
  /** Whether a series that turns up began at nothing, so that its first value is what was counted. */
  readonly bornAtZero: boolean
  /** By role, bound and labels, as {@link seriesKey} puts them together. */
  readonly series: Map<string, Series>
  /** The different sets of labels, a histogram's parts taken as one. */
  readonly sets: Set<string>
}

/** Who is read, by its labels: a process that is started again elsewhere goes on with the same series. */
export type Target = {
  readonly id: number
  readonly key: string
  readonly labels: Labels
  /** Its samples are sent to us, now and then, instead of read each second. */
  readonly pushed: boolean
  /** When it was read, ascending: as far back as memory reaches. */
  times: number[]
  readonly families: Map<string, Family>
  /** The series that were seen lately. */
  active: Series[]
  readings: number
}

/*
 * What a process counts of itself begins with it, label by label: the first request that fails is a series that
 * was not there a second ago. What control says of others (it has a `node` of its own) was counted before it looked.
 */
const counted: ReadonlySet<string> = new Set(
  [...serveMetrics, ...entryMetrics].map(({ name }) => name),
)

export const isBornAtZero = (metric: string, own: Labels): boolean =>
  counted.has(metric) && own.node === undefined

/** Two sets of labels are the same when this is. */
export const keyOf = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))

/** What tells a series from the others of its family. */
export const seriesKey = ({ role, le, labels }: Pick<Series, 'role' | 'le' | 'labels'>): string =>
  `${role} ${le} ${keyOf(labels)}`

/** Makes room in a series for the times of its target that it was not there for. */
export function wake(series: Series): void {
  const { target } = series.family
  series.values = new Array<number>(target.times.length).fill(Number.NaN)
  target.active.push(series)
}
