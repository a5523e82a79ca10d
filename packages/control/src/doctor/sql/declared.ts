import type { ShardedTable, System, Table } from '@banyan/model'

/** Tables as the config declares them, by name. */
export function tablesOf(system: System): ReadonlyMap<string, Table> {
  return new Map((system.data?.tables ?? []).map((table) => [table.name, table]))
}

export function shardedOf(system: System): ReadonlyMap<string, ShardedTable> {
  const sharded = (system.data?.tables ?? []).filter((table) => table.kind === 'sharded')
  return new Map(sharded.map((table) => [table.name, table]))
}

/** Whether Banyan keeps the unique values of this system itself: not in a database that it adopted. */
export const keepsLookups = (system: System): boolean =>
  system.data !== null && system.data.url == null
