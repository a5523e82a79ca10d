import {
  controlMetrics,
  entryMetrics,
  type Metric,
  processMetrics,
  serveMetrics,
  storeMetrics,
} from '../packages/model/src/index.ts'

const sections: readonly { readonly title: string; readonly metrics: readonly Metric[] }[] = [
  { title: 'Of every `serve` process', metrics: serveMetrics },
  { title: 'Of every Node process of a system', metrics: processMetrics },
  { title: 'Of the entry', metrics: entryMetrics },
  { title: 'Of control', metrics: controlMetrics },
  { title: 'Of the store', metrics: storeMetrics },
]

const rowOf = ({ name, otel, kind, help, labels }: Metric): string => {
  const said = labels.map((label) => `\`${label}\``).join(', ') || '–'
  return `| \`${name}\` | \`${otel}\` | ${kind} | ${help.replaceAll('|', '\\|')} | ${said} |`
}

const sectionOf = ({ title, metrics }: (typeof sections)[number]): string => `## ${title}

| in Prometheus | in OpenTelemetry | kind | what it measures | labels |
|---|---|---|---|---|
${metrics.map(rowOf).join('\n')}
`

/** The page of metrics, in the order of the lists. */
export const metricsPage = (head: string): string => `# Metrics

<!-- ${head} -->

Names and units are those of OpenTelemetry's semantic conventions where they have one, with Prometheus' suffixes.
Every series has \`node\`, \`tier\` and \`engine\` besides, of the process that it was read from. How they are read is
told in [Telemetry](telemetry.md).

${sections.map(sectionOf).join('\n')}`
