/** What a dashboard shows, before it is one: plain data. */
export type DashboardSpec = {
  /** The name of its file, and its uid in Grafana. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly rows: readonly { readonly title: string; readonly panels: readonly PanelSpec[] }[]
}

export type PanelSpec = {
  readonly title: string
  /** What one sees in it, and what is not well. */
  readonly description: string
  readonly kind?: 'timeseries' | 'stat'
  /** In Grafana's names: `s`, `bytes`, `reqps`, `percentunit`, `short`. */
  readonly unit: string
  readonly max?: number
  readonly queries: readonly { readonly expr: string; readonly legend: string }[]
}

/** The window of a rate: four scrapes, or as long as a pixel of the chart is wide. */
export const window = '$__rate_interval'

/** A percentile of a histogram. */
export const quantile = (part: number, histogram: string, by: string, selector = ''): string =>
  `histogram_quantile(${part}, sum by (le${by === '' ? '' : `, ${by}`}) (rate(${histogram}_bucket${selector}[${window}])))`

export const rate = (counter: string, selector = ''): string =>
  `rate(${counter}${selector}[${window}])`
