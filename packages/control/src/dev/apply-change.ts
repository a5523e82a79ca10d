import { isDeepStrictEqual as isSame } from 'node:util'
import { BanyanError, type Node, type Step, type System, type Topology } from '@banyan/model'
import { buildOnce } from '../climb/build.ts'
import { climb } from '../climb/climb.ts'
import type { Context } from '../climb/context.ts'
import { driverOf } from '../climb/drivers.ts'
import { redesire } from '../climb/ground.ts'
import { findBinaries } from '../engines/postgres/engine.ts'
import { writeJson } from '../state/files.ts'
import type { Pending } from './pending.ts'
import { switchesOf } from './switches.ts'

/** Where a change leads to, and how it may be ended early. */
export type ChangeCourse = {
  /** Everything is to stop. */
  readonly ending: AbortSignal
  /** A newer change is there; it cannot end migrations, which are to be whole. */
  readonly overtaken: AbortSignal
}

/**
 * Takes the config over and brings the database to what it says. What is wrong with either leaves
 * the services, and everything that they were told, as it was.
 */
export async function prepareChange(
  context: Context,
  { migrate, system }: Pending,
  { ending }: ChangeCourse,
): Promise<void> {
  if (system === null && !migrate) return
  const { system: systemBefore, settings, binaries, migrated, desired } = context
  if (system !== null) await adoptSystem(context, system)
  context.migrated = null
  try {
    await climb(context, 'on', ending, { until: isOfService })
  } catch (error) {
    // Whatever is started now, after a crash for one, is told what it was told before.
    Object.assign(context, { system: systemBefore, settings, binaries, migrated, desired })
    throw error
  }
  await writeJson(context.paths.system, context.system, 0o600)
  await writeJson(context.paths.settings, context.settings)
}

async function adoptSystem(context: Context, system: System): Promise<void> {
  refuseMove(context.system, system)
  refusePorts(context.settings, system)
  const { data } = system
  context.binaries =
    data === null || data.url !== null
      ? null
      : (context.binaries ?? (await findBinaries(data.postgres)))
  context.system = system
  context.settings = {
    ...context.settings,
    ...switchesOf({ mode: 'dev', narrow: context.settings.wide !== true, proves: true }, system),
  }
  await redesire(context, context.settings.rungs)
}

/** Where the data lies is not changed under a system that runs. */
function refuseMove(before: System, after: System): void {
  const parts = (['url', 'postgres'] as const).filter(
    (part) => (before.data?.[part] ?? null) !== (after.data?.[part] ?? null),
  )
  const [part] = before.data === null || after.data === null ? [] : parts
  const gone = before.data !== null && after.data === null
  if (before.name === after.name && part === undefined && !gone) return
  const what = before.name === after.name ? `data${gone ? '' : `.${part}`}` : 'name'
  throw new BanyanError(
    'BANYAN_CHANGE_REFUSED',
    `\`${what}\` cannot change while the system runs.`,
    {
      hint: 'Stop it with Ctrl-C and start it again, or take the change back.',
      details: { what },
    },
  )
}

/** The public sockets are bound once, when the system comes up. */
function refusePorts({ tcp = [] }: Context['settings'], { services }: System): void {
  const found = services.find((service) => service.tcp !== undefined && !tcp.includes(service.tcp))
  if (found === undefined) return
  const what = `services.${found.name}.tcp`
  throw new BanyanError(
    'BANYAN_CHANGE_REFUSED',
    `\`${what}\` cannot become ${found.tcp} while the system runs: ports are bound when it starts.`,
    {
      hint: 'Stop it with Ctrl-C and start it again, or take the change back.',
      details: { what },
    },
  )
}

/** Builds, stops and starts what the change is about; returns the nodes that run anew. */
export async function restartNodes(
  context: Context,
  { services }: Pending,
  { ending, overtaken }: ChangeCourse,
): Promise<string[]> {
  const either = AbortSignal.any([ending, overtaken])
  const nodes = nodesOf(context, services)
  for (const node of nodes) await rebuild(context, node, either)
  await Promise.all(nodes.map(async (node) => await put(context, node)))
  // All at once; the climb then waits for one after another.
  for (const node of nodes) await wantAgain(context, node)
  await climb(context, 'on', ending, { overtaken })
  return nodesOf(context, services).map(({ name }) => name)
}

function nodesOf({ topology }: Context, services: readonly string[] | null): readonly Node[] {
  return topology.nodes.filter(
    ({ service }) => service !== undefined && (services === null || services.includes(service)),
  )
}

/** Before anything is stopped, so that code that does not build leaves the old one running. */
async function rebuild(context: Context, node: Node, signal: AbortSignal): Promise<void> {
  context.built.delete(node.service ?? '')
  await buildOnce(context, node, signal)
}

async function put(context: Context, { name }: Node): Promise<void> {
  await context.keepers.get(name)?.unwant()
  context.keepers.forget(name)
}

async function wantAgain(context: Context, node: Node): Promise<void> {
  const isSameNode = context.desired.nodes.some((other) => isSame(other, node))
  if (isSameNode) await context.keepers.ensure(driverOf(context, node)).want()
}

/** The steps that come when the database is all that it should be. */
export function isOfService(step: Step, { nodes }: Topology): boolean {
  if (step.kind === 'record-rungs') return true
  const node = 'node' in step ? step.node : null
  if (node === null) return false
  const found = typeof node === 'string' ? nodes.find(({ name }) => name === node) : node
  return found?.tier !== 'data'
}
