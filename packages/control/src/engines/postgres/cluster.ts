import { mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Account, accountForPostgres } from './account.ts'
import type { Binaries } from './binaries.ts'
import { classifyCluster, readClusterFacts } from './cluster-state.ts'
import { includeOurSettings, type ServerSize, writeConfiguration } from './configuration.ts'
import { readSystemIdentifier } from './control-file.ts'
import { checkSpaceForCluster, diskFull, freeMbOf, isDiskFull } from './disk-space.ts'
import { makeWorkDirectory, removeLeftovers, removeWorkDirectory, runInitdb } from './init.ts'
import { type NodeFile, readNodeFile, syncDirectory, writeNodeFile } from './node-file.ts'
import {
  chooseDataDirectory,
  makeEnterable,
  reachableBinaries,
  realDirectory,
  sharedDirectory,
} from './placement.ts'

/** The superuser of every cluster that Banyan makes. */
export const adminUser = 'banyan_admin'

export type ClusterOptions = ServerSize & {
  readonly binaries: Binaries
  /** The folder of the node in the state directory; made where it is missing. */
  readonly nodeDirectory: string
  readonly adminPassword: string
  readonly signal?: AbortSignal
  /** Called with sentences for people. */
  readonly onProgress?: (sentence: string) => void
  /** False leaves out the syncs: only for clusters that are thrown away. Default true. */
  readonly durable?: boolean
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
  const nodeDirectory = await realDirectory(options.nodeDirectory)
  const node = await readNodeFile(nodeDirectory)
  const present = node?.dataDirectory ?? join(nodeDirectory, 'data')
  const situation = classifyCluster(await readClusterFacts(node, present), options.binaries.major)
  if (situation === 'whole') return
  if (situation === 'unnamed' && node !== null) {
    return await writeNodeFile(nodeDirectory, { ...node, state: 'whole' })
  }
  await makeInNewDirectory({ ...options, nodeDirectory }, account)
}

/** Undoes the folders that it made itself, when it does not come to an end. */
async function makeInNewDirectory(options: ClusterOptions, account: Account | null): Promise<void> {
  options.signal?.throwIfAborted()
  const made = await mkdir(options.nodeDirectory, { recursive: true })
  const top = made === undefined ? null : resolve(made)
  try {
    await makeCluster(
      { ...options, nodeDirectory: await realDirectory(options.nodeDirectory) },
      account,
    )
  } catch (error) {
    if (top !== null) await removeEmptyFolders(options.nodeDirectory, top)
    throw await asDiskFull(error, options.nodeDirectory)
  }
}

async function makeCluster(options: ClusterOptions, account: Account | null): Promise<void> {
  const { nodeDirectory, binaries } = options
  const dataDirectory = await chooseDataDirectory(account, nodeDirectory)
  const distant = dirname(dataDirectory) !== nodeDirectory
  if (distant) await prepareDistant(options, account, dataDirectory)
  await removeLeftovers(dataDirectory)
  try {
    await checkSpaceForCluster(dirname(dataDirectory))
    const reachable = await reachableBinaries(account, binaries)
    await makeUnderAnotherName({ ...options, binaries: reachable }, account, dataDirectory)
  } catch (error) {
    if (distant) await rmdir(dirname(dataDirectory)).catch(() => {})
    throw error
  }
}

/** The distant place has to be as empty as the near one was. */
async function prepareDistant(
  { binaries, nodeDirectory, onProgress }: ClusterOptions,
  account: Account | null,
  dataDirectory: string,
): Promise<void> {
  classifyCluster(await readClusterFacts(null, dataDirectory), binaries.major)
  await makeEnterable(sharedDirectory)
  await makeEnterable(dirname(dataDirectory))
  onProgress?.(
    `The user "${account?.name}", which PostgreSQL runs under, cannot enter ${nodeDirectory}; the data goes to ${dataDirectory}.`,
  )
}

async function makeUnderAnotherName(
  options: ClusterOptions,
  account: Account | null,
  dataDirectory: string,
): Promise<void> {
  const { binaries, adminPassword, durable = true, signal, onProgress } = options
  const workDirectory = await makeWorkDirectory(account, dataDirectory)
  try {
    onProgress?.(`Making a database cluster with PostgreSQL ${binaries.version}.`)
    const init = { binaries, account, dataDirectory, adminUser, adminPassword, durable, signal }
    const directory = await runInitdb(init, workDirectory)
    await includeOurSettings(directory, account)
    await writeConfiguration(directory, account, options)
    await giveName(options, directory, dataDirectory)
  } finally {
    await removeWorkDirectory(workDirectory)
  }
}

/** The moment in which the cluster becomes one. Up to the rename an abort undoes everything. */
async function giveName(
  { nodeDirectory, binaries, signal }: ClusterOptions,
  directory: string,
  dataDirectory: string,
): Promise<void> {
  const systemIdentifier = (await readSystemIdentifier(directory)) ?? ''
  const node: NodeFile = {
    format: 1,
    engine: 'postgres',
    version: binaries.major,
    systemIdentifier,
    dataDirectory,
    state: 'making',
  }
  await writeNodeFile(nodeDirectory, node)
  try {
    signal?.throwIfAborted()
    await rename(directory, dataDirectory)
  } catch (error) {
    await rm(join(nodeDirectory, 'node.json'), { force: true })
    throw error
  }
  await syncDirectory(dirname(dataDirectory))
  await writeNodeFile(nodeDirectory, { ...node, state: 'whole' })
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

/** The disk may also fill up under our own small files. */
async function asDiskFull(error: unknown, directory: string): Promise<unknown> {
  const { code = '' } = error as NodeJS.ErrnoException
  const ours = code.startsWith('BANYAN_')
  return !ours && isDiskFull(code) ? diskFull(directory, await freeMbOf(directory), error) : error
}
