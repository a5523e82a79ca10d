import { type Node, type Step, type StepKind, type StepOf, simulate } from '@banyan/model'
import { adminRole, ensureReplicator } from '@banyan/postgres'
import { copyCluster, createCluster, removeCluster } from '../engines/postgres/engine.ts'
import { admit, dismiss, drain, shareAlike } from '../entry/gateways.ts'
import { sizeOf } from '../logs/follow.ts'
import { inPlace, systemAlongside } from '../releases/releases.ts'
import { tryRelease } from '../releases/trial/try-release.ts'
import { firstRecord } from '../shard/record.ts'
import { writeJson } from '../state/files.ts'
import { nodeDirectory } from '../state/paths.ts'
import type { NodeDriver } from '../supervise/driver.ts'
import { announceMembers } from './announce.ts'
import { buildOnce, buildRelease } from './build.ts'
import type { Context } from './context.ts'
import { driverOf } from './drivers.ts'
import { inspectAdopted, inspectAgain } from './inspect-adopted.ts'
import type { Members } from './members.ts'
import { migrate } from './migrate.ts'
import { isReliable, observe } from './state.ts'
import { untilHealthy } from './wait.ts'
import { placeOfPrimary, withClient } from './with-client.ts'

/** Does one step. Each may be done again after an interruption: what is done already is left alone. */
export type Handler<Kind extends StepKind> = (
  context: Context,
  step: StepOf<Kind>,
  signal: AbortSignal,
) => Promise<void>

export const handlers: { readonly [Kind in StepKind]: Handler<Kind> } = {
  'create-data-node': async (context, step, signal) => {
    await makeCluster(context, step.node, step.host.address, signal)
    await record(context, step)
    await membersIn(context).keeper.begin(step.node.name)
  },
  'adopt-data-node': record,
  'create-node': record,
  'change-host': record,
  'change-node': async (context, step) => {
    await abandon(context, step.node.name)
    await record(context, step)
  },
  'start-node': async (context, { node }, signal) => {
    const found = findNode(context, node)
    const driver = driverOf(context, found)
    await giveWay(context, driver)
    const keeper = context.keepers.ensure(driver)
    const logFrom = await sizeOf(keeper.driver.logFile)
    if (context.release === inPlace) await buildOnce(context, found, signal)
    if (found.tier !== 'data') await inspectAgain(context)
    await keeper.want()
    if (isMember(found)) context.members?.keeper.wake()
    await untilHealthy(context.keepers, keeper, signal, logFrom)
  },
  'build-release': async (context, { release }, signal) => {
    await buildRelease(context, signal)
    await context.releases.markBuilt(release)
  },
  'apply-migrations': async (context, { release }, signal) => {
    const { system, releases } = context
    const alongside = systemAlongside(context)
    // A first start has nothing to go back to; a restart is not to fail for what could not be taken away.
    const isFirst = alongside === null && releases.live !== release
    const phase = isFirst || release === inPlace ? 'whole' : 'expand'
    const { contracts } = await migrate(context, { system, phase, alongside }, signal)
    context.contracts = contracts
    context.migrated = release
    await announceMembers(context)
  },
  'try-release': tryRelease,
  'record-release': async (context, { release }) => {
    await context.releases.markLive(release)
    context.reached = context.system
    // A trial that nobody older was left for leaves its share behind.
    await shareAlike(context)
    await writeJson(context.paths.system, context.system, 0o600)
  },
  'contract-migrations': async (context, { release }, signal) => {
    const { system } = context
    await migrate(context, { system, phase: 'contract', alongside: null }, signal)
    context.contracts = []
    await context.releases.markContracted(release)
  },
  'inspect-data': async (context, { release }) => {
    await inspectAdopted(context)
    context.migrated = release
  },
  'stop-node': async (context, { node }) => {
    await context.keepers.get(node)?.unwant()
    await dismiss(context, node)
  },
  'admit-node': async (context, { node, share }, signal) => {
    await admit(context, node, signal, share)
  },
  'drain-node': async (context, { node }, signal) => {
    await drain(context, node, signal)
  },
  'remove-node': async (context, step) => {
    await abandon(context, step.node)
    await record(context, step)
  },
  'destroy-data-node': async (context, step) => {
    const { shard, paths } = context
    await abandon(context, step.node)
    await removeCluster(nodeDirectory(paths, step.node))
    await record(context, step)
    // The next server is the first one of another cluster.
    if (shard.current.primary === step.node) await shard.write(firstRecord)
  },
  'release-data-node': async (context, step) => {
    context.keepers.forget(step.node)
    await record(context, step)
  },
  'record-rungs': record,
  'create-replica': async (context, step, signal) => {
    await copyPrimary(context, step, signal)
    await record(context, step)
  },
  'make-synchronous': async (context, { node }, signal) => {
    // From then on it may become the primary, and until then it may answer reads.
    await announceMembers(context)
    await membersIn(context).keeper.join(node, signal)
  },
  'make-asynchronous': async (context, { node }, signal) => {
    await membersIn(context).keeper.leave(node, signal)
  },
  'switch-over': async (context, { to }, signal) => {
    // Whoever has not heard of the new one could not follow it.
    await announceMembers(context)
    await membersIn(context).keeper.switchOver(to, signal)
  },
  'retire-replica': async (context, step) => {
    // One that was not well did not have to be stopped first, and may be on its way up.
    await abandon(context, step.node)
    await membersIn(context).forget(step.node)
    await removeCluster(nodeDirectory(context.paths, step.node))
    await record(context, step)
    await announceMembers(context)
  },
}

/** What an interrupted attempt has left is of another moment, and its slot may be gone: it is made anew. */
async function copyPrimary(
  context: Context,
  { node, host, from }: StepOf<'create-replica'>,
  signal: AbortSignal,
): Promise<void> {
  const { paths, binaries, secrets, events } = context
  if (binaries === null) throw new Error('a system without data has no data node')
  const { adminPassword, replicatorPassword } = secrets
  await withClient(context, adminRole, adminPassword, 'postgres', async (admin) => {
    await ensureReplicator(admin, replicatorPassword)
  })
  const nodeFolder = nodeDirectory(paths, node.name)
  await removeCluster(nodeFolder)
  const { memoryMb, cpus } = node.size
  await copyCluster({
    binaries,
    nodeDirectory: nodeFolder,
    from: {
      place: { name: from, ...placeOfPrimary(context) },
      nodeDirectory: nodeDirectory(paths, from),
      adminPassword,
    },
    address: host.address,
    port: node.port,
    memoryMb,
    cpus,
    signal,
    onProgress: (sentence) => events.add({ type: 'progress', sentence }),
  })
}

const isMember = ({ tier, adopted }: Node): boolean => tier === 'data' && adopted !== true

function membersIn({ members }: Context): Members {
  if (members === null) throw new Error('nobody keeps the members of the data tier here')
  return members
}

/** One that is in a crash loop, and is of another release than is to run, is not brought back by its keeper. */
async function giveWay({ keepers }: Context, { node, release }: NodeDriver): Promise<void> {
  const keeper = keepers.get(node.name)
  if (keeper === null || keeper.driver.release === release) return
  await keeper.unwant()
  keepers.forget(node.name)
}

/** One that is in a crash loop, or not ready yet, does not count as running, and is kept all the same. */
async function abandon({ keepers }: Context, node: string): Promise<void> {
  await keepers.get(node)?.unwant()
  keepers.forget(node)
}

/** A handler takes the steps of its own kind; the table's type says so, but not through a lookup. */
export function handlerOf(step: Step): Handler<StepKind> {
  return handlers[step.kind] as Handler<StepKind>
}

/** Writes down the topology that the step leads to: by the same table that the plan was made with. */
async function record(context: Context, step: Step): Promise<void> {
  const { topology } = simulate(observe(context, isReliable), step)
  const { paths, leaving } = context
  await writeJson(paths.topology, topology).catch((error: unknown) => {
    // When everything is to stop, a full disk or a deleted folder is no reason to go on.
    if (!leaving) throw error
  })
  context.topology = topology
}

function findNode({ topology }: Context, name: string): Node {
  const node = topology.nodes.find((candidate) => candidate.name === name)
  if (node === undefined) throw new Error(`there is no node ${name}`)
  return node
}

async function makeCluster(
  { paths, binaries, secrets, events }: Context,
  node: Node,
  address: string,
  signal: AbortSignal,
): Promise<void> {
  if (binaries === null) throw new Error('a system without data has no data node')
  await createCluster({
    binaries,
    nodeDirectory: nodeDirectory(paths, node.name),
    address,
    port: node.port,
    memoryMb: node.size.memoryMb,
    cpus: node.size.cpus,
    adminPassword: secrets.adminPassword,
    signal,
    onProgress: (sentence) => events.add({ type: 'progress', sentence }),
  })
}
