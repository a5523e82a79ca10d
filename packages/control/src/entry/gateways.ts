import { setTimeout as sleep } from 'node:timers/promises'
import type { BackendStatus, GatewayFile, Node, Service } from '@banyan/model'
import { BanyanError, isBalancer } from '@banyan/model'
import type { Context } from '../climb/context.ts'
import { runtimeFileOf } from '../drivers/run-file.ts'
import { type Balancer, balancerOf } from '../engines/balancer.ts'
import { drainTimeoutMs, gatewayFile } from '../engines/gateway/settings.ts'
import { systemOfRelease } from '../releases/releases.ts'
import { writeJson } from '../state/files.ts'
import { telemetryIn } from '../telemetry/process-telemetry.ts'
import { entrySystem } from './entry-system.ts'
import { type EntryRecord, writeEntryRecord } from './record.ts'

const lookEveryMs = 50
/** A gateway that was killed is back within a second. */
const admitTimeoutMs = 15_000
/** Beyond the time that the gateway itself takes to end what stays. */
const drainGraceMs = 2_000

/** Lets a gateway send requests to a node, or only a share of them, and returns when all that run do so. */
export async function admit(
  context: Context,
  node: string,
  signal: AbortSignal,
  /** In percent. */
  share?: number,
): Promise<void> {
  const { admitted, shares = {} } = context.entry
  const { [node]: before, ...others } = shares
  const isSame = admitted.includes(node) && before === share
  if (isSame) await tellAll(context)
  else {
    await change(context, {
      admitted: [...admitted.filter((name) => name !== node), node],
      shares: share === undefined ? others : { ...others, [node]: share },
    })
  }
  await until(context, node, signal, admitTimeoutMs, (found) => found?.healthy === true)
}

/** Gives every admitted node the same part of the requests. */
export async function shareAlike(context: Context): Promise<void> {
  await change(context, { shares: {} })
}

/** Has the gateways send nothing new to a node, and returns when it has answered what it had. */
export async function drain(context: Context, node: string, signal: AbortSignal): Promise<void> {
  context.draining.add(node)
  try {
    await change(context, {})
    await untilIdle(context, node, signal)
    await change(context, without(context, node))
    context.draining.delete(node)
  } catch (error) {
    // A drain that was called off leaves the node where it was.
    context.draining.delete(node)
    await change(context, {}).catch(() => {})
    throw error
  }
}

/** A node that is stopped is sent nothing any more, also by a gateway that starts later. */
export async function dismiss(context: Context, node: string): Promise<void> {
  const { admitted } = context.entry
  if (!admitted.includes(node)) return
  // It has stopped, whether that can be written down (a full disk, a deleted folder) or not.
  await change(context, without(context, node)).catch(() => {})
}

function without({ entry }: Context, node: string): Pick<EntryRecord, 'admitted' | 'shares'> {
  const { [node]: _share, ...shares } = entry.shares ?? {}
  return { admitted: entry.admitted.filter((name) => name !== node), shares }
}

/** What has not ended in its time is ended with the node. */
async function untilIdle(context: Context, node: string, signal: AbortSignal): Promise<void> {
  const isIdle = (found: BackendStatus | undefined) =>
    found === undefined || (found.state === 'drain' && found.inFlight + found.webSockets === 0)
  const timeoutMs = drainTimeoutMs(context.system) + drainGraceMs
  await until(context, node, signal, timeoutMs, isIdle).catch((error) => {
    if (!BanyanError.is(error) || error.code !== 'BANYAN_ENTRY_SILENT') throw error
  })
}

/** Tells every gateway that was found running what holds now: an earlier control may have died in a drain. */
export async function tellAgain(context: Context): Promise<void> {
  if (runningGateways(context).length > 0) await change(context, {})
}

/**
 * Writes down first what is then told, so that whoever comes next tells the same. When everything is to
 * stop, nobody comes next, and a full disk or a deleted folder is no reason to go on.
 */
async function change(context: Context, changed: Partial<EntryRecord>): Promise<void> {
  const entry = { ...context.entry, ...changed, version: context.entry.version + 1 }
  const unwritten = await writeEntryRecord(context.paths, entry).then(
    () => null,
    (error: unknown) => ({ error }),
  )
  if (unwritten !== null && !context.leaving) throw unwritten.error
  context.entry = entry
  await tellAll(context)
}

async function tellAll(context: Context): Promise<void> {
  await Promise.all(
    runningGateways(context).map(async ({ file, balancer }) => {
      const path = runtimeFileOf(context.paths, file.node)
      await writeJson(path, file, 0o600).catch((error: unknown) => {
        if (!context.leaving) throw error
      })
      // One that gives no answer now is told by its keeper, or reads its file when it starts.
      await balancer.tell(file)
    }),
  )
}

/** What each gateway that runs, or is to run, is told. */
function runningGateways(context: Context): { file: GatewayFile; balancer: Balancer }[] {
  return context.topology.nodes
    .filter((node) => isBalancer(node) && context.keepers.get(node.name)?.facts.wanted)
    .map(({ name, engine }) => ({
      file: gatewayFileOf(context, name),
      balancer: balancerOf(context.paths, engine),
    }))
}

export function gatewayFileOf(context: Context, name: string): GatewayFile {
  const { topology, entry, draining, secrets, settings } = context
  const system = entrySystem(context)
  const node = topology.nodes.find((candidate) => candidate.name === name)
  if (node === undefined) throw new Error(`there is no gateway ${name}`)
  const { admitted, version, shares = {} } = entry
  const token = secrets.controlToken
  const { tcp = [] } = settings
  const told = { topology, admitted, draining: [...draining], shares, version, token, tcp }
  const file = gatewayFile({ ...told, system, serviceOf: (one) => ownService(context, one) }, node)
  return { ...file, ...telemetryIn(context, system) }
}

/** The service of a node as the release has it that the node runs. */
function ownService(context: Context, node: Node): Service | null {
  const release = context.keepers.get(node.name)?.driver.release ?? null
  const services = systemOfRelease(context, release)?.services ?? []
  return services.find(({ name }) => name === node.service) ?? null
}

async function until(
  context: Context,
  node: string,
  signal: AbortSignal,
  timeoutMs: number,
  holds: (found: BackendStatus | undefined) => boolean,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    signal.throwIfAborted()
    const gateways = runningGateways(context)
    const answers = await Promise.all(
      gateways.map(async ({ file, balancer }) => await balancer.ask(file)),
    )
    const version = context.entry.version
    const said = answers.map((status) =>
      status === null || status.version < version
        ? 'silent'
        : status.backends.find((one) => one.node === node),
    )
    if (said.every((found) => found !== 'silent' && holds(found))) return
    if (performance.now() > deadline)
      throw late(
        gateways.map(({ file }) => file.node),
        node,
        said.find((found) => found !== 'silent'),
      )
    await sleep(lookEveryMs)
  }
}

function late(
  gateways: readonly string[],
  node: string,
  found: BackendStatus | 'silent' | undefined,
): BanyanError {
  const reason = typeof found === 'object' ? found.reason : null
  return new BanyanError(
    'BANYAN_ENTRY_SILENT',
    `${gateways.join(', ')} does not send requests to ${node}: ${reason ?? 'it gives no answer'}.`,
    { hint: `Look at "banyan logs ${gateways[0]}".`, details: { node, reason } },
  )
}
