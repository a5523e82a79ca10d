import { readIfThere } from '../../state/files.ts'
import type { NodeDriver } from '../../supervise/driver.ts'
import { type ObserverOptions, observerDriver } from '../observer/driver.ts'
import type { HomeFile } from '../observer/home.ts'
import { observerProgram } from '../observer/program.ts'
import { writeDashboards } from './dashboards.ts'
import { rulesOf } from './rules.ts'
import { configurationOf, fileNames, type PrometheusSettings, prometheusWords } from './settings.ts'

export type PrometheusOptions = ObserverOptions & {
  /** Read at each start and each look. */
  readonly settings: () => PrometheusSettings
  /** The token of `/-/metrics`. */
  readonly token: () => string
}

/** Keeps one Prometheus, which reads what `targets.json` names, and nothing else. */
export function prometheusDriver(options: PrometheusOptions): NodeDriver {
  const { node, paths } = options
  return observerDriver(options, {
    program: async () => {
      const program = await observerProgram('Prometheus')
      if (!(program instanceof Error)) await writeDashboards(paths, node.name)
      return program
    },
    words: (place, { data }) => prometheusWords(place, data),
    files: async () => [
      { name: fileNames.token, text: options.token(), isConfiguration: false },
      // It looks at this one itself, as soon as there is another.
      {
        name: fileNames.targets,
        text: (await readIfThere(paths.targets)) ?? '[]',
        isConfiguration: false,
      },
      ...prometheusFiles(options.settings()),
    ],
  })
}

export function prometheusFiles(settings: PrometheusSettings, rules = rulesOf()): HomeFile[] {
  return [
    { name: fileNames.rules, text: asText(rules), isConfiguration: true },
    {
      name: fileNames.configuration,
      text: asText(configurationOf(settings)),
      isConfiguration: true,
    },
  ]
}

const asText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
