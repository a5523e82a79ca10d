import { availableParallelism, totalmem } from 'node:os'
import { type Ground, type System, type Topology, topologyOf } from '@banyan/model'
import type { UpSettings } from '../api/types.ts'
import { type Address, freeAddress, isTakenByOthers } from '../engines/postgres/engine.ts'
import { nodeDirectory, type StatePaths } from '../state/paths.ts'

const hostName = 'local-1'

/**
 * The topology that `up` leads to. An address that was chosen once stays: it is asked for anew only
 * where no data node is recorded, or where somebody else has it by now, as with a copy whose
 * original runs.
 */
export async function desiredTopology(
  paths: StatePaths,
  system: System,
  settings: UpSettings,
  recorded: Topology,
): Promise<Topology> {
  const place = (await recordedAddress(paths, recorded)) ?? (await freeAddress(paths.directory))
  return topologyOf(settings.rungs, groundOf(system, settings, place))
}

async function recordedAddress(
  paths: StatePaths,
  { nodes, hosts }: Topology,
): Promise<Address | null> {
  const node = nodes.find(({ tier, adopted }) => tier === 'data' && !adopted)
  const host = hosts.find(({ name }) => name === node?.host)
  if (node === undefined || host === undefined) return null
  const place = { address: host.address, port: node.port }
  return (await isTakenByOthers(nodeDirectory(paths, node.name), place)) ? null : place
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
    hosts: [
      {
        name: hostName,
        site: 'local',
        region: 'local',
        zone: 'local',
        address: place.address,
      },
    ],
    plain: [],
    ports: {
      'db-1': place.port,
      ...(entry === undefined ? {} : { [`${entry.name}-1`]: settings.port }),
    },
  }
}
