import type { System } from '@banyan/model'

/** The address of an adopted database, with its password, is as the config says today. */
export function withUrlOf(system: System, { data }: System): System {
  if (system.data?.url == null || data?.url == null) return system
  return { ...system, data: { ...system.data, url: data.url } }
}
