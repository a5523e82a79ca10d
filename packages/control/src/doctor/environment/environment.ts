import type { System } from '@banyan/model'
import type { StatePaths } from '../../state/paths.ts'
import type { RungName } from '../ladder.ts'
import type { Check } from './check.ts'
import { checkMachine } from './check-machine.ts'
import { checkPostgres } from './check-postgres.ts'
import { checkPrograms } from './check-programs.ts'
import { checkState } from './check-state.ts'

/** Everything about the machine. Nothing is started, written or stopped. */
export async function checkEnvironment(
  paths: StatePaths,
  system: System | null,
  rungs: readonly RungName[],
): Promise<readonly Check[]> {
  const found = await Promise.all([
    checkMachine(),
    checkPostgres(system),
    checkState(paths),
    checkPrograms(rungs),
  ])
  return found.flat()
}
