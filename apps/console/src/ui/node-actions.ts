import type { NodeStatus, ShardStatus } from '@banyan/control/api'
import type { FaultOn } from '../live/faults-on.ts'
import type { IconName } from './icons.ts'

/** What can be done to a node from the page, and what is said of it before it is done. */

export type NodeAction = 'kill' | 'pause' | 'resume' | 'partition' | 'heal' | 'switchover'

export type Offer = {
  readonly action: NodeAction
  readonly label: string
  readonly icon: IconName
  readonly says: string
  readonly isDanger: boolean
  /** The body of `POST /api/<action>`. */
  readonly body: Readonly<Record<string, string | null>>
}

export type Surroundings = {
  readonly nodes: readonly Pick<NodeStatus, 'name' | 'tier' | 'role' | 'health'>[]
  readonly shards: readonly ShardStatus[]
  readonly faults: readonly FaultOn[]
}

type Subject = Pick<NodeStatus, 'name' | 'tier' | 'role' | 'health'>

/** What a node can be made to do, as it is. */
export function offersFor(node: Subject, around: Surroundings): readonly Offer[] {
  const { faults } = around
  const isPaused = faults.includes('paused')
  return [
    fault(
      'kill',
      'Kill',
      node,
      `${killed(node)} ${loss(node, around)} It is started again by itself.`,
    ),
    isPaused
      ? mend('resume', 'Resume', 'play', node, `${node.name} goes on where it was stopped.`)
      : fault(
          'pause',
          'Pause',
          node,
          `${stopped(node)} ${loss(node, around)} It stays so until it is resumed.`,
        ),
    faults.includes('partitioned')
      ? mend(
          'heal',
          'Heal',
          'heal',
          node,
          `${node.name} reaches the others again, and they reach it.`,
        )
      : fault(
          'partition',
          'Partition',
          node,
          `${cutOff(node)} ${loss(node, around)} It stays so until it is healed.`,
        ),
    ...switchover(node, around),
  ]
}

const icons = { kill: 'kill', pause: 'paused', partition: 'cut' } as const

const fault = (
  action: keyof typeof icons,
  label: string,
  { name }: Subject,
  says: string,
): Offer => ({ action, label, icon: icons[action], says, isDanger: true, body: { node: name } })

const mend = (
  action: NodeAction,
  label: string,
  icon: IconName,
  { name }: Subject,
  says: string,
): Offer => ({ action, label, icon, says, isDanger: false, body: { node: name } })

const killed = ({ name }: Subject) => `The processes of ${name} are killed at once (SIGKILL).`
const stopped = ({ name }: Subject) =>
  `The processes of ${name} are stopped where they stand (SIGSTOP): its connections stay open, and nothing is answered.`
const cutOff = ({ name }: Subject) =>
  `${name} goes on running, but hears no other node and is heard by none.`

/** What it means for whoever uses the app. */
function loss(node: Subject, around: Surroundings): string {
  if (node.tier === 'data') return dataLoss(node, around)
  if (node.tier === 'telemetry')
    return 'The app does not notice; what it would have measured is missing.'
  const others = around.nodes.filter(
    ({ name, tier, role, health }) =>
      name !== node.name && tier === node.tier && role === node.role && health === 'healthy',
  )
  if (others.length === 0) return `No other node does what it does: requests fail meanwhile.`
  const cut = `Requests that it is answering are cut`
  return `${cut}; new ones go to ${list(others.map(({ name }) => name))}.`
}

function dataLoss(node: Subject, { shards, nodes }: Surroundings): string {
  const shard = shards.find(
    ({ primary, confirming }) => primary === node.name || confirming.includes(node.name),
  )
  const heirs = (shard?.confirming ?? []).filter((name) => name !== node.name)
  if (node.role !== 'primary') return replicaLoss(node, shard)
  if (shard === undefined || heirs.length === 0)
    return nodes.some(({ tier, role }) => tier === 'data' && role === 'replica')
      ? 'Nobody else has every commit: writes fail meanwhile.'
      : 'It is the only database server: requests that need it fail meanwhile.'
  return `It takes the writes: they wait until ${list(heirs, 'or')} has taken over. No acknowledged commit is lost.`
}

function replicaLoss(node: Subject, shard: ShardStatus | undefined): string {
  const left = (shard?.confirming ?? []).filter((name) => name !== node.name).length
  if (shard !== undefined && left < shard.quorum && shard.durability === 'required')
    return 'No other server can confirm commits: writes wait meanwhile.'
  return 'Reads go to other servers meanwhile; no commit has to wait.'
}

/** The writes go from the primary to the best, or to the replica that is looked at. */
function switchover(node: Subject, { shards, faults }: Surroundings): readonly Offer[] {
  const shard = shards.find(
    ({ primary, confirming }) => primary === node.name || confirming.includes(node.name),
  )
  if (node.tier !== 'data' || shard === undefined || faults.length > 0) return []
  const isPrimary = shard.primary === node.name
  if (shard.primary === null || (isPrimary && shard.confirming.length === 0)) return []
  const to = isPrimary ? null : node.name
  const heir = isPrimary ? list(shard.confirming, 'or') : node.name
  const says = `Writes are held for a moment; ${heir} gets all that ${shard.primary} has, and takes the writes from then on. No request fails.`
  const label = isPrimary ? 'Switch over' : 'Make primary'
  return [{ action: 'switchover', label, icon: 'swap', says, isDanger: false, body: { to } }]
}

/** A few names, and how many more there are. */
function list(names: readonly string[], word: 'and' | 'or' = 'and'): string {
  if (names.length > 4) return `${names.slice(0, 3).join(', ')} ${word} ${names.length - 3} others`
  return names.length < 2
    ? names.join('')
    : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`
}
