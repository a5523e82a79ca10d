import type { Ground } from './ground.ts'
import type { Host, Node, Size } from './topology.ts'

/** Above this, a first database server gains little from memory that the web processes could use. */
const databaseMemoryMbMax = 4096

/** A server of ours that has a copy of the one shard. Which of them takes writes is no matter of topology. */
export const databaseNode = (
  number: number,
  host: Host,
  { system, machine, ports }: Ground,
): Node => {
  const name = `db-${number}`
  return {
    name,
    tier: 'data',
    engine: 'postgres',
    host: host.name,
    port: ports[name] ?? 0,
    size: { cpus: machine.cpus, memoryMb: system.data?.memoryMb ?? databaseMemoryMb(machine) },
    shard: 'shard-1',
  }
}

const databaseMemoryMb = ({ memoryMb }: Size): number =>
  Math.min(databaseMemoryMbMax, Math.floor(memoryMb / 4))

/** Why a rung that moves or copies the database has nothing to move or to copy. */
export const obstaclesToMoving = ({ system: { data } }: Ground): readonly string[] => {
  if (data === null)
    return ['The system has no data tier (`data`), so that there is nothing to move or to copy.']
  return data.url === null
    ? []
    : [
        "The database is adopted (`data.url`): where it runs, and how many copies it has, is its owner's business.",
      ]
}

/** A rung takes the hosts up to this one. */
export const obstaclesToHosts = ({ hosts }: Ground, count: number): readonly string[] =>
  hosts.length >= count
    ? []
    : [
        `It takes ${count} hosts, and there ${hosts.length === 1 ? 'is 1' : `are ${hosts.length || 'none'}`}.`,
      ]
