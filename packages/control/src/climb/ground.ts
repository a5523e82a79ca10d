import { availableParallelism, totalmem } from 'node:os'
import {
  type BalancerName,
  BanyanError,
  type Ground,
  type Host,
  type System,
  type Topology,
  topologyOf,
} from '@banyan/model'
import type { UpSettings } from '../api/types.ts'
import { type Address, freeAddress, isTakenByOthers } from '../engines/postgres/engine.ts'
import { type EntryRecord, plainServices } from '../entry/record.ts'
import { systemFrom } from '../releases/releases.ts'
import { nodeDirectory, type StatePaths } from '../state/paths.ts'
import type { Aim } from './aim.ts'
import type { Context } from './context.ts'
import { portsOf } from './ports.ts'

/** What a desired topology follows from, besides what the machine has free. */
export type GroundFacts = {
  readonly paths: StatePaths
  readonly system: System
  readonly recorded: Topology
  readonly entry: EntryRecord
  readonly balancer: BalancerName
  /** How this run was started, or is to be. */
  readonly settings: Pick<UpSettings, 'unmeasured' | 'dataOnly'>
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

/** Has the system lead to another release as well, or to another balancer. */
export async function aimAt(context: Context, aim: Aim): Promise<void> {
  const system = await systemFor(context, aim)
  const ground = await groundFor(context, { ...aim, system })
  Object.assign(context, {
    release: aim.release,
    system,
    balancer: aim.balancer,
    desired: topologyOf(aim.rungs, ground),
  })
}

/** Where the system leads to now. */
export function aimOf({ desired, release, balancer }: Context): Aim {
  return { rungs: desired.rungs, release, balancer }
}

/** The system as a release says, which may not have been looked at yet. */
export async function systemFor(context: Context, { release }: Aim): Promise<System> {
  if (release === context.release) return context.system
  const found = await context.releases.load(release)
  if (found === null) throw releaseGone(release)
  return systemFrom(context, found)
}

/** What a topology would be built on; with other facts than those of now where they are named. */
export async function groundFor(
  { paths, system, topology, entry, balancer, settings }: Context,
  others: { readonly system?: System; readonly balancer?: BalancerName } = {},
): Promise<Ground> {
  return await groundOf({
    paths,
    system: others.system ?? system,
    recorded: topology,
    entry,
    balancer: others.balancer ?? balancer,
    settings,
  })
}

export async function groundOf(facts: GroundFacts): Promise<Ground> {
  const { paths, system, recorded, entry, balancer, settings } = facts
  const known = await recordedAddress(paths, recorded)
  const place = known ?? (await freeAddress(paths.directory))
  const hosts = hostsOf(place)
  return {
    system,
    machine: { cpus: availableParallelism(), memoryMb: Math.floor(totalmem() / 1_048_576) },
    hosts,
    ports: {
      ...dataPorts(recorded, known ? null : place, place.port),
      ...(await portsOf(paths, system, known ? recorded : null)),
    },
    plain: plainServices(entry, system.services),
    balancer,
    // For a command of `exec` nothing is measured either, and nothing is refused.
    unmeasured: settings.unmeasured === true && settings.dataOnly !== true,
  }
}

function releaseGone(name: string): BanyanError {
  return new BanyanError(
    'BANYAN_RELEASE_UNKNOWN',
    `The snapshot of release ${name} is not there.`,
    {
      hint: '"banyan release list" says which releases can be gone back to.',
      details: { release: name },
    },
  )
}

async function recordedAddress(
  paths: StatePaths,
  { nodes, hosts }: Topology,
): Promise<Address | null> {
  const host = hosts.find(({ site }) => site === 'local')
  if (host === undefined) return null
  const data = nodes.filter(({ tier, adopted }) => tier === 'data' && !adopted)
  for (const node of data) {
    const own = hosts.find(({ name }) => name === node.host) ?? host
    const place = { address: own.address, port: node.port }
    if (await isTakenByOthers(nodeDirectory(paths, node.name), place)) return null
  }
  return { address: host.address, port: data[0]?.port ?? 0 }
}

/**
 * A server listens at the address of its host alone, so that on Linux all have one port; elsewhere hosts
 * share an address. One that is recorded keeps its port, unless all have to move.
 */
function dataPorts(
  recorded: Topology,
  moved: Address | null,
  first: number,
): Record<string, number> {
  const names = Array.from({ length: hostCount }, (_, index) => `db-${index + 1}`)
  const portOf = (name: string, index: number): number => {
    const known = recorded.nodes.find((node) => node.name === name && !node.adopted)?.port
    if (known !== undefined && moved === null) return known
    return process.platform === 'linux' || first === 0 ? first : first + index
  }
  return Object.fromEntries(names.map((name, index) => [name, portOf(name, index)]))
}

/** Two for processes, one for a database that was moved, and as many replicas as there may be. */
const hostCount = 12

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
