import { type ChangedFile, reportOf, sayFiles, type UpSettings } from '@banyan/control/api'
import type { System } from '@banyan/model'
import { paint } from '../paint.ts'
import { ownWatcher } from './own-watcher.ts'

/** What is special about a system in `dev`: one line for each thing. */
export function describeMode(system: System, settings: UpSettings): string {
  const lines = [narrowness(system, settings), ...watchers(system)].filter((line) => line !== null)
  return lines.map((line) => `${paint('dim', line)}\n`).join('') + (lines.length > 0 ? '\n' : '')
}

function narrowness({ data }: System, { narrow, wide }: UpSettings): string | null {
  if (data === null) return null
  if (narrow === true)
    return 'Narrow: data.of(key) sees the rows of that key only. To see all: --wide'
  if (data.url !== null)
    return 'Wide: nothing is written into an adopted database, policies neither.'
  if (wide === true) return 'Wide, as asked: data.of(key) sees the rows of other keys too.'
  return 'Wide: no table has a key yet; declare them in data.tables.'
}

function watchers({ services }: System): string[] {
  return services.flatMap(({ name, run }) => {
    const watcher = ownWatcher(run)
    return watcher === null
      ? []
      : [
          `${name} watches its files itself (${watcher}), and is started again here only for the config.`,
        ]
  })
}

/** A change that could not even be tried. */
export function describeFault(
  files: readonly ChangedFile[],
  error: unknown,
  json: boolean,
): string {
  const report = reportOf(error)
  if (json) {
    const { message } = report
    const fault = { type: 'change', outcome: 'failed', sentence: message, files, error: report }
    return `${JSON.stringify({ at: new Date().toISOString(), ...fault })}\n`
  }
  const head = `${paint('red', '✗')} ${sayFiles(files)}: the old one goes on running.`
  const hint = report.hint === null ? [] : [report.hint]
  return `${[head, report.message, ...hint].join('\n')}\n`
}
