import { availableParallelism, totalmem } from 'node:os'
import { type Ground, type System, type Topology, topologyOf } from '@banyan/model'
import type { UpSettings } from '../api/types.ts'
import { freeAddress } from '../engines/postgres/engine.ts'
import type { StatePaths } from '../state/paths.ts'

const hostName = 'local-1'

/**
 * The topology that `up` leads to. An address that was chosen once stays: it is asked for anew only
 * where no data node is recorded.
 */
export async function desiredTopology(
  paths: StatePaths,
  system: System,
  settings: UpSettings,
  recorded: Topology,
): Promise<Topology> {
  const known = recorded.nodes.find(({ tier }) => tier === 'data')
  const knownHost = recorded.hosts.find(({ name }) => name === known?.host)
  const place =
    known !== undefined && knownHost !== undefined
      ? { address: knownHost.address, port: known.port }
      : await freeAddress(paths.directory)
  return topologyOf(settings.rungs, groundOf(system, settings, place))
}

export function groundOf(
  system: System,
  settings: UpSettings,
  place: { readonly address: string; readonly port: number },
): Ground {
  const entry = system.services.find(({ routes }) => routes.length > 0)
  return {
    system,
    machine: { cpus: availableParallelism(), memoryMb: Math.floor(totalmem() / 1_048_576) },
    host: {
      name: hostName,
      site: 'local',
      region: 'local',
      zone: 'local',
      address: place.address,
    },
    ports: {
      'db-1': place.port,
      ...(entry === undefined ? {} : { [`${entry.name}-1`]: settings.port }),
    },
  }
}
