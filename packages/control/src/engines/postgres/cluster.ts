import { mkdir, rmdir } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type Account, accountForPostgres } from './account.ts'
import type { Binaries } from './binaries.ts'
import { classifyCluster, readClusterFacts } from './cluster-state.ts'
import { includeOurSettings, type ServerSize, writeConfiguration } from './configuration.ts'
import { asDiskFull, checkSpaceForCluster } from './disk-space.ts'
import { giveName, prepareDistant } from './give-name.ts'
import { makeWorkDirectory, removeLeftovers, removeWorkDirectory, runInitdb } from './init.ts'
import { writeNodeFile } from './node-file.ts'
import {
  chooseDataDirectory,
  locateNode,
  reachableBinaries,
  realDirectory,
  removeDistant,
} from './placement.ts'
import { removeUnfinished } from './replace-file.ts'

export type ClusterOptions = ServerSize & {
  readonly binaries: Binaries
  /** The folder of the node in the state directory; made where it is missing. */
  readonly nodeDirectory: string
  readonly adminPassword: string
  readonly signal?: AbortSignal
  /** Called with sentences for people. */
  readonly onProgress?: (sentence: string) => void
}

/**
 * Makes the cluster of a node, unless there is a whole one already. A broken, foreign or newer one
 * is refused untouched. It is made under another name and gets its own when it is whole, so that an
 * interruption at any moment leaves either nothing or a cluster.
 *
 * Order: initdb, then `node.json` as `making` with the identifier of the new cluster, then the
 * rename, then `node.json` as `whole`. So what carries the final name can always be told from a
 * stranger's: its identifier was written down before.
 *
 * @example
 * const binaries = await findBinaries('embedded')
 * await createCluster({ binaries, nodeDirectory, address: '127.64.1.1', port: 5432,
 *   memoryMb: 1024, cpus: 2, adminPassword })
 */
export async function createCluster(options: ClusterOptions): Promise<void> {
  const account = await accountForPostgres()
  const { directory, node, dataDirectory } = await locateNode(options.nodeDirectory)
  const facts = await readClusterFacts(node, dataDirectory)
  const situation = classifyCluster(facts, options.binaries.major)
  if (situation === 'whole') return
  if (situation === 'unnamed' && node !== null) {
    return await writeNodeFile(directory, { ...node, state: 'whole' })
  }
  await makeInNewDirectory(options, account)
}

/** Undoes the folders that it made itself, when it does not come to an end. */
async function makeInNewDirectory(options: ClusterOptions, account: Account | null): Promise<void> {
  options.signal?.throwIfAborted()
  await checkSpaceForCluster(options.nodeDirectory)
  const top = await mkdir(options.nodeDirectory, { recursive: true })
  try {
    const directory = await realDirectory(options.nodeDirectory)
    await makeCluster({ ...options, nodeDirectory: directory }, account)
  } catch (error) {
    if (top !== undefined) await removeEmptyFolders(options.nodeDirectory, top)
    throw await asDiskFull(error, options.nodeDirectory)
  }
}

async function makeCluster(options: ClusterOptions, account: Account | null): Promise<void> {
  const { nodeDirectory, binaries } = options
  const place = await chooseDataDirectory(account, nodeDirectory)
  const distant = isAbsolute(place)
  const dataDirectory = resolve(nodeDirectory, place)
  if (distant) {
    await prepareDistant(nodeDirectory, dataDirectory, binaries.major)
    options.onProgress?.(
      `The user "${account?.name}", which PostgreSQL runs under, cannot enter ${nodeDirectory}; the data goes to ${dataDirectory}.`,
    )
  }
  await removeLeftovers(dataDirectory)
  await removeUnfinished(join(nodeDirectory, 'node.json'))
  try {
    await checkSpaceForCluster(dirname(dataDirectory))
    const reachable = await reachableBinaries(account, binaries)
    await makeUnderAnotherName({ ...options, binaries: reachable }, account, place)
  } catch (error) {
    if (distant) await removeDistant(dataDirectory)
    throw error
  }
}

async function makeUnderAnotherName(
  options: ClusterOptions,
  account: Account | null,
  place: string,
): Promise<void> {
  const { nodeDirectory, binaries, adminPassword, durable = true, signal, onProgress } = options
  const dataDirectory = resolve(nodeDirectory, place)
  const workDirectory = await makeWorkDirectory(account, dataDirectory)
  try {
    onProgress?.(`Making a database cluster with PostgreSQL ${binaries.version}.`)
    const init = { binaries, account, dataDirectory, adminPassword, durable, signal }
    const made = await runInitdb(init, workDirectory)
    await includeOurSettings(made, account, durable)
    await writeConfiguration(made, account, options)
    await giveName(options, made, place)
  } finally {
    await removeWorkDirectory(workDirectory)
  }
}

async function removeEmptyFolders(directory: string, top: string): Promise<void> {
  for (let path = resolve(directory); path.startsWith(top); path = dirname(path)) {
    const removed = await rmdir(path).then(
      () => true,
      () => false,
    )
    if (!removed) return
  }
}
