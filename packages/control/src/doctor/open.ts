import type { DiagnoseOptions } from './diagnose.ts'
import type { Diagnosis } from './types.ts'

/**
 * Looks at the machine, the config, the code, the migrations and the database. Writes nothing and
 * starts nothing; works when nothing runs, and when the config is missing or broken. What it takes is
 * loaded here, so that no other command pays for it.
 *
 * @throws BANYAN_RUNG_UNKNOWN
 * @example const { blocked, findings } = await diagnose({ config, directory, rung: 'balanced', readPatterns })
 */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const doctor = await import('./diagnose.ts')
  return await doctor.diagnose(options)
}
