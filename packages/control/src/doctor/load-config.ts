import { BanyanError, type System } from '@banyan/model'
import { reportOf } from '../api/report.ts'
import { loadSystem } from '../config/load-system.ts'
import type { Diagnosis } from './types.ts'

export type LoadedConfig = { readonly system: System | null; readonly config: Diagnosis['config'] }

/** A config that is missing or broken is something to say, not a reason to say nothing else. */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  try {
    const system = await loadSystem(path)
    return { system, config: { path, state: 'read', system: system.name, error: null } }
  } catch (error) {
    if (!BanyanError.is(error)) throw error
    const state = error.code === 'BANYAN_CONFIG_NOT_FOUND' ? 'missing' : 'broken'
    return { system: null, config: { path, state, system: null, error: reportOf(error) } }
  }
}
