import { findMetric, type Metric, type metricLists } from './telemetry-names.ts'

type NamedMetric = (typeof metricLists)[number][number]

/** The name of a metric in `telemetry-names.ts`; of one kind where it is said. */
export type MetricName<Kind extends Metric['kind'] = Metric['kind']> = Extract<
  NamedMetric,
  { kind: Kind }
>['name']

/** The labels of a metric, by name. What is absent or empty is left out, which Prometheus takes for the same. */
export type MetricLabels<Name extends MetricName> = {
  readonly [Label in Extract<NamedMetric, { name: Name }>['labels'][number]]?: string
}

/** A histogram of one set of labels: for each bucket how many fell into it alone, and beyond the last bound. */
export type HistogramCounts = { readonly counts: readonly number[]; readonly sum: number }

/** The type of what {@link MetricsText} writes. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * The answer of `/-/metrics`, in Prometheus' text format. Only metrics that `telemetry-names.ts` names can
 * be added, with the labels that it names; those of one metric stand together, in whatever order they came.
 *
 * @example
 * const text = new MetricsText()
 * text.add('banyan_node_up', 1, { node: 'web-1', tier: 'service' })
 * text.addHistogram('http_server_request_duration_seconds', { counts, sum }, { http_route: '/api/tags' })
 * text.toString() // '# HELP banyan_node_up 1 for …\n# TYPE banyan_node_up gauge\nbanyan_node_up{node="web-1",…} 1\n…'
 */
export class MetricsText {
  readonly #families = new Map<string, string>()

  /** A counter's or a gauge's value. */
  add<Name extends MetricName<'counter' | 'gauge'>>(
    name: Name,
    value: number,
    labels: MetricLabels<Name> = {},
  ): void {
    const metric = known(name)
    this.#append(metric, line(name, labelText(metric, labels), value))
  }

  /** The buckets of a histogram are those of its metric; `counts` has one more than there are bounds. */
  addHistogram<Name extends MetricName<'histogram'>>(
    name: Name,
    { counts, sum }: HistogramCounts,
    labels: MetricLabels<Name> = {},
  ): void {
    const metric = known(name)
    const own = labelText(metric, labels)
    const before = own === '' ? '' : `${own},`
    let total = 0
    let lines = ''
    for (const [at, bound] of [...(metric.buckets ?? []), Number.POSITIVE_INFINITY].entries()) {
      total += counts[at] ?? 0
      lines += line(`${name}_bucket`, `${before}le="${numberText(bound)}"`, total)
    }
    this.#append(metric, lines + line(`${name}_sum`, own, sum) + line(`${name}_count`, own, total))
  }

  toString(): string {
    return [...this.#families.values()].join('')
  }

  #append({ name, help, kind }: Metric, lines: string): void {
    const so =
      this.#families.get(name) ?? `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${kind}\n`
    this.#families.set(name, so + lines)
  }
}

function known(name: MetricName): Metric {
  return findMetric(name) as Metric
}

function labelText(metric: Metric, labels: Readonly<Record<string, string | undefined>>): string {
  const said: string[] = []
  for (const name of metric.labels) {
    const value = labels[name]
    if (value !== undefined && value !== '') said.push(`${name}="${escapeLabel(value)}"`)
  }
  return said.join(',')
}

function line(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${numberText(value)}\n`
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"')
}
