import { diagnose } from '@banyan/control/api'
import { describeDiagnosis } from '../doctor/describe.ts'
import { readPatterns } from '../doctor/read-patterns.ts'
import type { Common } from '../program.ts'

/** Says what is here, what is missing, and what in the app is in the way of a rung. */
export async function doctor(
  { json, config, directory }: Common,
  rung: string | null,
): Promise<number> {
  const diagnosis = await diagnose({ config, directory, rung, readPatterns })
  process.stdout.write(json ? `${JSON.stringify(diagnosis)}\n` : describeDiagnosis(diagnosis))
  return diagnosis.blocked ? 1 : 0
}
