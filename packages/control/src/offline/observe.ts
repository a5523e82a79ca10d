import { connect } from 'node:net'
import { type Node, type NodeHealth, type System, sayList, type Topology } from '@banyan/model'
import type { NodeStatus, Status, UpSettings } from '../api/types.ts'
import { placeOf, urlOf } from '../climb/place.ts'
import { type FoundProcess, findProcess } from '../drivers/find-process.ts'
import { withAdopted } from '../engines/adopted/engine.ts'
import { memberNodes } from '../engines/adopted/member-nodes.ts'
import { sayWhy } from '../engines/adopted/member-watch.ts'
import { askMembers } from '../engines/adopted/members.ts'
import { type MemberState, statesOf } from '../engines/adopted/seen-members.ts'
import { type Target, targetOf } from '../engines/adopted/target.ts'
import { reachableHost } from '../engines/process/readiness.ts'
import { findHolder } from '../holder/holder-file.ts'
import { readReleases } from '../releases/record.ts'
import { openRecord } from '../shard/record.ts'
import { readJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import { readTopology } from '../state/topology-file.ts'
import { roleOf } from '../status.ts'

/** What is there while no control runs, found by looking at the processes themselves. */
export async function observeOffline(paths: StatePaths): Promise<Status> {
  const topology = await readTopology(paths)
  const settings = (await readJson<UpSettings>(paths.settings)) ?? nowhere
  const { primary } = (await openRecord(paths.shard)).current
  const placed = { topology, settings, primary }
  const nodes = await Promise.all(topology.nodes.map((node) => observeNode(paths, placed, node)))
  const alive = nodes.filter(({ pid }) => pid !== null)
  return {
    rungs: topology.rungs,
    version: topology.version,
    release: (await readReleases(paths)).live,
    url: alive.some(({ tier }) => tier === 'web') ? urlOf({ topology, settings }) : null,
    consoleUrl: null,
    climb: null,
    nodes,
    sentence: sentenceOf(
      topology,
      alive.map(({ name }) => name),
      findHolder(paths) !== null,
    ),
  }
}

const nowhere: UpSettings = { rungs: [], host: '127.0.0.1', port: 0 }

type Placed = {
  readonly topology: Topology
  readonly settings: UpSettings
  readonly primary: string | null
}

async function observeNode(paths: StatePaths, placed: Placed, node: Node): Promise<NodeStatus> {
  const alive = await findProcess(paths, node)
  const found: Observed = node.adopted
    ? await observeAdopted(paths, node)
    : { health: await healthOf(placed, node, alive), sentence: sentenceFor(node, alive) }
  const { health, sentence, members } = found
  const status: NodeStatus = {
    name: node.name,
    tier: node.tier,
    engine: node.engine,
    host: node.host,
    region: placed.topology.hosts.find(({ name }) => name === node.host)?.region ?? 'local',
    role: roleOf(node, placed.primary),
    address: placeOf(placed, node),
    pid: alive?.identity.pid ?? null,
    health,
    ...(node.shard === undefined ? {} : { shard: node.shard }),
    uptimeMs: alive === null ? null : Date.now() - Date.parse(alive.startedAt),
    sentence,
  }
  return members === undefined ? status : { ...status, members: memberNodes(status, members) }
}

type Observed = {
  readonly health: NodeHealth
  readonly sentence: string
  readonly members?: readonly MemberState[]
}

function sentenceFor({ name }: Node, alive: FoundProcess | null): string {
  return alive === null ? `${name} is stopped.` : `${name} runs, but nobody looks after it.`
}

/** Nothing of ours has to run for an adopted server to be well, so it is asked. */
async function observeAdopted(paths: StatePaths, { name }: Node): Promise<Observed> {
  const system = await readJson<System>(paths.system)
  if (system?.data?.url == null)
    return { health: 'stopped', sentence: `${name} is not known here.` }
  const target = targetOf(system)
  const members = target.members.length > 1 ? { members: await membersOf(target) } : {}
  try {
    await withAdopted(target, async () => {})
    return {
      health: 'healthy',
      sentence: `${name} (${target.name}) answers; somebody else runs it.`,
      ...members,
    }
  } catch (error) {
    return { health: 'failed', sentence: (error as Error).message, ...members }
  }
}

/** Since when they answer nobody has seen. */
async function membersOf(target: Target): Promise<readonly MemberState[]> {
  const heard = await askMembers(target)
  const seen = heard.map(({ place, facts, error }) => {
    return { place, facts, missing: error === null ? null : sayWhy(error), sinceMs: 0 }
  })
  return statesOf(seen, null).map((state) => ({ ...state, sinceMs: null }))
}

async function healthOf(placed: Placed, node: Node, run: FoundProcess | null): Promise<NodeHealth> {
  if (run === null) return 'stopped'
  const place = placeOf(placed, node)
  if (place === null) return 'healthy'
  const host = place.slice(0, place.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  return (await canConnect(reachableHost(host), node.port)) ? 'healthy' : 'failed'
}

async function canConnect(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 })
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => settle(true))
    socket.once('timeout', () => settle(false))
    socket.once('error', () => settle(false))
  })
}

function sentenceOf({ nodes }: Topology, alive: readonly string[], isComing: boolean): string {
  if (isComing) return comingBack(alive)
  if (nodes.length === 0) return 'Nothing was started here yet.'
  if (alive.length === 0) return 'Nothing runs. Start it with "banyan up".'
  const verb = alive.length === 1 ? 'runs' : 'run'
  return `Control does not run, but ${sayList(alive)} still ${verb}. "banyan up" takes over what runs, "banyan down" stops it.`
}

/** Its holder lives, and has been waited for already. */
function comingBack(alive: readonly string[]): string {
  const verb = alive.length === 1 ? 'goes' : 'go'
  const meanwhile = alive.length === 0 ? '' : ` Meanwhile ${alive.join(' and ')} ${verb} on.`
  return `Control died and is being started again; it does not come up yet, and control.log says why.${meanwhile}`
}
