import { BanyanError, type Node } from '@banyan/model'
import { findProcess } from '../drivers/find-process.ts'
import { markOf, readRunFile } from '../drivers/run-file.ts'
import { stopServer } from '../engines/postgres/engine.ts'
import { endHolder } from '../holder/end-holder.ts'
import { openRecord } from '../shard/record.ts'
import { mendCuts } from '../sites/cut.ts'
import { localSite } from '../sites/local.ts'
import { takeLock } from '../state/lock.ts'
import { nodeDirectory, type StatePaths } from '../state/paths.ts'
import { readTopology } from '../state/topology-file.ts'
import { stopStoreOffline } from '../telemetry/store-process.ts'

const serviceTimeoutMs = 10_000
const databaseTimeoutMs = 15_000

/**
 * Stops what a dead control left running: its holder, which would start another, then services, then
 * databases. Gives the names of the nodes that ran.
 */
export async function stopOffline(paths: StatePaths): Promise<string[]> {
  const stopped = await namesOfRunning(paths)
  // A control that it had just started stops everything itself, before the two end.
  await endHolder(paths)
  await withoutControl(paths, async () => {
    for (const node of await nodesToStop(paths)) await stopNode(paths, node)
    // What was cut off on purpose would keep whoever gets that address from being reached.
    await mendCuts(paths).catch(() => [])
    await stopStoreOffline(paths)
  })
  return stopped
}

async function namesOfRunning(paths: StatePaths): Promise<string[]> {
  const nodes = await nodesToStop(paths)
  const found = await Promise.all(nodes.map(async (node) => await findProcess(paths, node)))
  return nodes.filter((_node, index) => found[index] !== null).map(({ name }) => name)
}

async function nodesToStop(paths: StatePaths): Promise<Node[]> {
  const { nodes } = await readTopology(paths)
  const { primary } = (await openRecord(paths.shard)).current
  return [...nodes].sort((a, b) => rankOf(a, primary) - rankOf(b, primary))
}

/** Nobody may start control while we do what it would do. */
export async function withoutControl<Result>(
  paths: StatePaths,
  work: () => Promise<Result>,
): Promise<Result> {
  const lock = takeLock(paths.lock)
  if (lock === null) {
    throw new BanyanError(
      'BANYAN_ALREADY_RUNNING',
      `Somebody else is starting or stopping the system in ${paths.directory}.`,
      {
        hint: 'Wait a moment and try again.',
      },
    )
  }
  try {
    return await work()
  } finally {
    lock.release()
  }
}

/**
 * What takes requests in stops before what answers them, and that before the data: the primary first, so that
 * its replicas have everything when they stop. Whoever watches sees all of that.
 */
function rankOf({ name, tier }: Node, primary: string | null): number {
  if (tier === 'entry') return 0
  if (tier === 'telemetry') return 4
  if (tier !== 'data') return 1
  return name === primary ? 2 : 3
}

async function stopNode(paths: StatePaths, node: Node): Promise<void> {
  if (node.adopted) return
  const directory = nodeDirectory(paths, node.name)
  if (node.engine === 'postgres') {
    return await stopServer({
      nodeDirectory: directory,
      mode: 'fast',
      timeoutMs: databaseTimeoutMs,
    })
  }
  const run = await readRunFile(paths, node.name)
  const mark = markOf(paths, node.name)
  await localSite.stop(run?.identity ?? null, mark, serviceTimeoutMs)
}
