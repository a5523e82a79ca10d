import type { Node } from '@banyan/model'
import type { NodeStatus, ShardStatus, Status } from './api/types.ts'
import type { Progress } from './climb/climb.ts'
import type { Context } from './climb/context.ts'
import { placeOf, portsOf, urlOf } from './climb/place.ts'
import { memberNodes } from './engines/adopted/member-nodes.ts'
import { inPlace } from './releases/releases.ts'

/** What `banyan status` shows of a control that runs. */
export function statusOf(
  context: Context,
  progress: (Progress & { readonly id: string }) | null,
  last: string,
  /** Whether it is known by now what an earlier control left running. */
  hasLooked: boolean,
): Status {
  const { topology, release, releases, settings, system } = context
  const tcp = portsOf(context, system)
  return {
    // What is on the way up is named as well: it is what people asked for.
    rungs: topology.rungs.length > 0 ? topology.rungs : settings.rungs,
    version: topology.version,
    release: release === inPlace ? release : (releases.live ?? release),
    url: settings.dataOnly === true ? null : urlOf(context),
    ...(tcp.length > 0 && { tcp }),
    consoleUrl: context.console?.url ?? null,
    climb: progress,
    nodes: topology.nodes.map((node) => nodeStatus(context, node, hasLooked)),
    ...shardsOf(context),
    ...alertsOf(context),
    sentence: sentenceOf(context, last),
  }
}

function nodeStatus(context: Context, node: Node, hasLooked: boolean): NodeStatus {
  const keeper = context.keepers.get(node.name)
  const presence = keeper?.presence ?? null
  const members = presence === null ? undefined : keeper?.driver.members?.()
  const status: NodeStatus = {
    name: node.name,
    tier: node.tier,
    engine: node.engine,
    host: node.host,
    region: context.topology.hosts.find(({ name }) => name === node.host)?.region ?? 'local',
    role: roleOf(node, context.shard.current.primary),
    ...followingOf(context, node),
    address: placeOf(context, node),
    pid: presence?.identity?.pid ?? null,
    health: keeper?.health ?? (hasLooked ? 'stopped' : 'starting'),
    ...(node.shard === undefined ? {} : { shard: node.shard }),
    ...(keeper?.driver.release === undefined ? {} : { release: keeper.driver.release }),
    uptimeMs: presence === null ? null : Date.now() - Date.parse(presence.startedAt),
    sentence: keeper?.sentence ?? (hasLooked ? sentenceWithout(node) : sentenceBefore(node)),
  }
  return members === undefined ? status : { ...status, members: memberNodes(status, members) }
}

/** What is said of a node that a new control has not come to yet. */
function sentenceBefore({ name }: Node): string {
  return `${name} is being looked at.`
}

/** What is said of a node that nobody keeps. */
function sentenceWithout({ name, adopted }: Node): string {
  return adopted ? `${name} is not watched now; somebody else runs it.` : `${name} is stopped.`
}

/** The role of a node; of a database server, by what was decided last about who takes the writes. */
export function roleOf({ name, tier, service, adopted }: Node, primary: string | null): string {
  if (tier !== 'data') return service ?? tier
  return adopted || primary === null || name === primary ? 'primary' : 'replica'
}

/** How far a replica is behind, and whether commits wait for it. */
function followingOf(
  { members }: Context,
  { name, tier }: Node,
): Pick<NodeStatus, 'lagBytes' | 'confirms'> {
  if (tier !== 'data' || members === null) return {}
  const found = members.keeper.situation.members.find((member) => member.name === name)
  if (found?.role !== 'replica') return {}
  const lagBytes = found.lagBytes === null ? null : Number(found.lagBytes)
  return { lagBytes, confirms: found.confirms }
}

/** The one shard that there is, where its servers are ours. */
function shardsOf({ members, shard, system }: Context): Pick<Status, 'shards'> {
  const { primary, quorum } = shard.current
  if (members === null || primary === null || system.data === null) return {}
  const { situation } = members.keeper
  const { durability = 'required' } = system.data.synchronous ?? {}
  const one: ShardStatus = {
    name: 'shard-1',
    primary: situation.open ? situation.primary : null,
    term: situation.term,
    confirming: situation.confirming,
    quorum,
    durability,
    lastPromotion: members.lastPromotion,
    sentence: situation.sentence,
  }
  return { shards: [one] }
}

/** Those that hold, where somebody watches. */
function alertsOf({ telemetry }: Context): Pick<Status, 'alerts'> {
  const alerts = telemetry?.alerts.now ?? null
  return alerts === null ? {} : { alerts }
}

/** What is wrong is said first; else that all is well, unless something else was just said. */
function sentenceOf({ keepers, topology, system }: Context, last: string): string {
  const troubled = keepers.all.find(({ health }) => health === 'failed') ?? ailing(keepers.all)
  if (troubled !== undefined) return troubled.sentence
  const away = keepers.all
    .flatMap(({ driver }) => driver.members?.() ?? [])
    .find(({ health }) => health === 'failed')
  if (away !== undefined) return away.sentence
  const healthy = keepers.all.filter(({ health }) => health === 'healthy').length
  const all = topology.nodes.length
  if (all > 0 && healthy === all) return `${system.name} is up: ${all} of ${all} nodes are healthy.`
  return last
}

function ailing<Kept extends { readonly situation: string }>(
  all: readonly Kept[],
): Kept | undefined {
  return all.find(({ situation }) => situation === 'waiting' || situation === 'held')
}
