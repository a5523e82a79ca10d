import type { ErrorReport } from '../api/types.ts'

/** In `dev` the data are as a rule there to be thrown away, which is the shorter way out. */
export function mendInDev(report: ErrorReport): ErrorReport {
  if (report.code !== 'BANYAN_MIGRATION_EDITED') return report
  const hint =
    'Take the edit back, and write it as a new migration. Or, if the data may go: Ctrl-C, "banyan down --destroy", "banyan dev".'
  return { ...report, hint }
}
