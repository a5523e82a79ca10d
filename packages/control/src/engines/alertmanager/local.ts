import type { NodeDriver } from '../../supervise/driver.ts'
import { type ObserverOptions, observerDriver } from '../observer/driver.ts'
import { observerProgram } from '../observer/program.ts'
import {
  type AlertmanagerSettings,
  alertmanagerWords,
  configurationName,
  configurationOf,
  tokenName,
} from './settings.ts'

export type AlertmanagerOptions = ObserverOptions & {
  /** Read at each start and each look. */
  readonly settings: () => AlertmanagerSettings
}

/** Keeps one Alertmanager, which keeps the alerts that hold, and passes them on to whoever is named. */
export function alertmanagerDriver(options: AlertmanagerOptions): NodeDriver {
  return observerDriver(options, {
    program: async () => await observerProgram('Alertmanager'),
    words: (place, { data }) => alertmanagerWords(place, data),
    files: async () => [
      { name: tokenName, text: options.settings().token ?? '', isConfiguration: false },
      {
        name: configurationName,
        text: `${JSON.stringify(configurationOf(options.settings()), null, 2)}\n`,
        isConfiguration: true,
      },
    ],
  })
}
