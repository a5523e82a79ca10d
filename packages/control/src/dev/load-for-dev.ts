import type { System } from '@banyan/model'
import { loadSystem } from '../config/load-system.ts'
import { checkMigrationNames } from '../migrations/names.ts'
import { inHaste } from './switches.ts'

/** A config that was edited while it runs: judged whole, before anything is done about it. */
export async function loadForDev(config: string): Promise<System> {
  const system = await loadSystem(config)
  if (system.data?.migrations) await checkMigrationNames(system.data.migrations)
  return inHaste(system)
}
