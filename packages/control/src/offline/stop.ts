import { BanyanError, emptyTopology, type Node, type Topology } from '@banyan/model'
import { findProcess } from '../drivers/find-process.ts'
import { markOf, readRunFile } from '../drivers/run-file.ts'
import { stopServer } from '../engines/postgres/engine.ts'
import { localSite } from '../sites/local.ts'
import { readJson } from '../state/files.ts'
import { takeLock } from '../state/lock.ts'
import { nodeDirectory, type StatePaths } from '../state/paths.ts'

const serviceTimeoutMs = 10_000
const databaseTimeoutMs = 15_000

/** Stops what a dead control left running: services first, then databases. Gives the names of those that ran. */
export async function stopOffline(paths: StatePaths): Promise<string[]> {
  const topology = (await readJson<Topology>(paths.topology)) ?? emptyTopology
  const stopped: string[] = []
  await withoutControl(paths, async () => {
    for (const node of [...topology.nodes].sort(servicesFirst)) {
      if ((await findProcess(paths, node)) !== null) stopped.push(node.name)
      await stopNode(paths, node)
    }
  })
  return stopped
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

function servicesFirst(a: Node, b: Node): number {
  return Number(a.tier === 'data') - Number(b.tier === 'data')
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
