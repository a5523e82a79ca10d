import { availableParallelism, totalmem } from 'node:os'
import { type Ground, type Host, type System, type Topology, topologyOf } from '@banyan/model'
import { markOf } from '../drivers/run-file.ts'
import {
  type Address,
  freeAddress,
  isTakenByOthers,
  tryToListen,
} from '../engines/postgres/engine.ts'
import { type EntryRecord, plainServices } from '../entry/record.ts'
import { processesWith } from '../sites/proc.ts'
import { nodeDirectory, type StatePaths } from '../state/paths.ts'
import type { Context } from './context.ts'

/** What a desired topology follows from, besides what the machine has free. */
export type GroundFacts = {
  readonly paths: StatePaths
  readonly system: System
  readonly recorded: Topology
  readonly entry: EntryRecord
}

/**
 * The topology that these rungs lead to. An address that was chosen once stays: it is asked for anew
 * only where none is recorded, or where somebody else has it by now, as with a copy whose original runs.
 */
export async function desiredTopology(
  facts: GroundFacts,
  rungs: readonly string[],
): Promise<Topology> {
  return topologyOf(rungs, await groundOf(facts))
}

/** Has the system lead to other rungs from now on, or to the same ones, after something was learned. */
export async function redesire(context: Context, rungs: readonly string[]): Promise<void> {
  context.desired = topologyOf(rungs, await groundFor(context))
}

export async function groundFor({ paths, system, topology, entry }: Context): Promise<Ground> {
  return await groundOf({ paths, system, recorded: topology, entry })
}

export async function groundOf(facts: GroundFacts): Promise<Ground> {
  const { paths, system, recorded, entry } = facts
  const known = await recordedAddress(paths, recorded)
  const place = known ?? (await freeAddress(paths.directory))
  const hosts = hostsOf(place)
  return {
    system,
    machine: { cpus: availableParallelism(), memoryMb: Math.floor(totalmem() / 1_048_576) },
    hosts,
    ports: { 'db-1': place.port, ...(await portsOf(facts, hosts, known ? recorded : null)) },
    plain: plainServices(entry, system.services),
  }
}

async function recordedAddress(
  paths: StatePaths,
  { nodes, hosts }: Topology,
): Promise<Address | null> {
  const host = hosts.find(({ site }) => site === 'local')
  if (host === undefined) return null
  const node = nodes.find(({ tier, adopted }) => tier === 'data' && !adopted)
  const place = { address: host.address, port: node?.port ?? 0 }
  if (node === undefined) return place
  return (await isTakenByOthers(nodeDirectory(paths, node.name), place)) ? null : place
}

const hostCount = 4

/** On Linux each host has a loopback address of its own, side by side; elsewhere there is one address. */
function hostsOf({ address }: Address): Host[] {
  const own = process.platform === 'linux'
  return Array.from({ length: hostCount }, (_, index) => ({
    name: `local-${index + 1}`,
    site: 'local',
    region: 'local',
    zone: 'local',
    address: own ? address.replace(/\d+$/, String(index + 1)) : address,
  }))
}

/** Familiar ones first; a service and its stand-in have one of ten. */
const gatewayPort = 9_000
const servicePort = 3_000
const apart = 10

type Wanted = { readonly name: string; readonly host: Host; readonly port: number }

async function portsOf(
  { paths, system: { services } }: GroundFacts,
  hosts: readonly Host[],
  recorded: Topology | null,
): Promise<Record<string, number>> {
  const [first, second] = hosts as readonly [Host, Host]
  const routed = services.filter(({ routes }) => routes.length > 0)
  const wanted: Wanted[] = [
    { name: 'gateway-1', host: first, port: gatewayPort },
    ...routed.flatMap(({ name }, index) => {
      const port = servicePort + apart * index
      return [
        { name: `${name}-1`, host: first, port },
        { name: `${name}-2`, host: second, port },
      ]
    }),
  ]
  const ports: Record<string, number> = {}
  const given = new Set<string>()
  for (const one of wanted) ports[one.name] = await portOf(paths, one, recorded, given)
  return ports
}

/** A node keeps the port that it has. Another one's port is left alone, also where it is on all addresses. */
async function portOf(
  paths: StatePaths,
  { name, host, port }: Wanted,
  recorded: Topology | null,
  given: Set<string>,
): Promise<number> {
  const node = recorded?.nodes.find((one) => one.name === name && one.host === host.name)
  const known = node !== undefined && node.port !== 0 ? node.port : null
  const isKept = known !== null && (await isFreeOrOurs(paths, name, host.address, known))
  const found = isKept ? known : await freePort(host.address, port, given)
  given.add(`${host.address}:${found}`)
  return found
}

/** A process that an earlier control left running holds its port rightly. */
async function isFreeOrOurs(
  paths: StatePaths,
  node: string,
  address: string,
  port: number,
): Promise<boolean> {
  if (typeof (await tryToListen({ address, port })) === 'object') return true
  const { name, value } = markOf(paths, node)
  return (await processesWith(name, value)).length > 0
}

async function freePort(address: string, wanted: number, given: Set<string>): Promise<number> {
  for (let port = wanted; port < wanted + 5_000; port += 1_000) {
    if (given.has(`${address}:${port}`)) continue
    if (typeof (await tryToListen({ address, port })) === 'object') return port
  }
  const any = await tryToListen({ address, port: 0 })
  return typeof any === 'object' ? any.port : wanted
}
