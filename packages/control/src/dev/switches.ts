import type { System } from '@banyan/model'
import type { UpSettings } from '../api/types.ts'

/** How a system is asked to run. */
export type Switches = {
  /** `dev`: in the foreground, started again on change. Default `up`. */
  readonly mode?: 'up' | 'dev'
  /** Whether a scope sees its own key only. Default false. */
  readonly narrow?: boolean
  /** Whether `serve` offers `/-/prove`. Default false. */
  readonly proves?: boolean
  /** The database without any service, for a command of `exec`. Default false. */
  readonly dataOnly?: boolean
}

/** Which of the switches the system can have: nothing of ours is put into an adopted database. */
export function switchesOf(
  { mode = 'up', narrow = false, proves = false, dataOnly = false }: Switches,
  { data }: System,
): Required<Pick<UpSettings, 'mode' | 'wide' | 'narrow' | 'proves' | 'dataOnly'>> {
  const ours = data !== null && data.url === null
  const keyed = ours && data.tables.some(({ kind }) => kind === 'sharded')
  return { mode, wide: !narrow, narrow: narrow && keyed, proves: proves && ours, dataOnly }
}

const longestStopMs = 2_000

/** Whoever has just saved a file does not wait for a browser that keeps its connection open. */
export function inHaste(system: System): System {
  const services = system.services.map((service) => ({
    ...service,
    stopTimeoutMs: Math.min(service.stopTimeoutMs, longestStopMs),
  }))
  return { ...system, services }
}
