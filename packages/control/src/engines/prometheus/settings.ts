/** Everything that Prometheus is told, besides its rules. */
export type PrometheusSettings = {
  /** `host:port` of Alertmanager. */
  readonly alertmanager: string
  /** The name of the system, which alerts carry. */
  readonly system: string
  /** How often everything is read, in milliseconds. Default 5,000. */
  readonly scrapeMs?: number
}

export const fileNames = {
  configuration: 'prometheus.yml',
  rules: 'rules.json',
  targets: 'targets.json',
  token: 'metrics.token',
} as const

/** What is kept: whichever is reached first. */
const retention = { time: '15d', size: '2GB' }

/** A process that hangs is given up soon, so that it is asked again in time. */
const giveUpAfter = 0.5

/** Its configuration file. JSON is YAML, so that Prometheus reads it. */
export function configurationOf({
  alertmanager,
  system,
  scrapeMs = 5_000,
}: PrometheusSettings): unknown {
  return {
    global: {
      scrape_interval: `${scrapeMs}ms`,
      scrape_timeout: `${Math.floor(scrapeMs * giveUpAfter)}ms`,
      evaluation_interval: '15s',
      external_labels: { system },
    },
    rule_files: [fileNames.rules],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [
      {
        job_name: 'banyan',
        // Control speaks of every node: the node that a sample names is the one that it is about.
        honor_labels: true,
        metrics_path: '/-/metrics',
        authorization: { type: 'Bearer', credentials_file: fileNames.token },
        follow_redirects: false,
        sample_limit: 100_000,
        file_sd_configs: [{ files: [fileNames.targets], refresh_interval: '30s' }],
      },
    ],
  }
}

/** What it is started with. Neither a page of another site nor a request may change anything here. */
export function prometheusWords(place: string, data: string): string[] {
  return [
    `--config.file=${fileNames.configuration}`,
    `--web.listen-address=${place}`,
    '--web.cors.origin=^$',
    `--storage.tsdb.path=${data}`,
    `--storage.tsdb.retention.time=${retention.time}`,
    `--storage.tsdb.retention.size=${retention.size}`,
    '--log.level=warn',
  ]
}
