import { mkdir, rmdir } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { type Account, accountForPostgres } from '../account.ts'
import type { Binaries } from '../binaries.ts'
import { classifyCluster, readClusterFacts } from '../cluster-state.ts'
import { type ServerSize, writeConfiguration } from '../configuration.ts'
import { readMajorVersion, readSystemIdentifier } from '../control-file.ts'
import { giveName, prepareDistant } from '../give-name.ts'
import { makeWorkDirectory, removeLeftovers, removeWorkDirectory } from '../init.ts'
import { writeNodeFile } from '../node-file.ts'
import {
  chooseDataDirectory,
  dataDirectoryOf,
  locateNode,
  realDirectory,
  removeDistant,
} from '../placement.ts'
import { removeUnfinished } from '../replace-file.ts'
import { beginBackup, type CopySource } from './backup.ts'
import { copyData } from './copy-data.ts'
import { readTree } from './copy-files.ts'
import {
  asCopyFailure,
  checkSpaceForCopy,
  refuseOtherCopy,
  refuseOtherMajor,
} from './copy-refusals.ts'
import { type PaceOptions, paceOf } from './pace.ts'
import { slotNameOf } from './role-settings.ts'

export type { CopySource } from './backup.ts'

export type CopyOptions = ServerSize & {
  readonly binaries: Binaries
  /** The primary that is copied; it goes on with its work. */
  readonly from: CopySource
  /** The folder of the new node, whose name is the name of the member. */
  readonly nodeDirectory: string
  readonly signal?: AbortSignal
  /** Called with sentences for people. */
  readonly onProgress?: (sentence: string) => void
  /** Default: none below 1 GB, 200 MB/s above. */
  readonly bytesPerSecondMax?: number
}

/**
 * Makes a node a copy of a running primary, unless it is a whole one already: a base backup at the low
 * level, as the packages from npm hold no `pg_basebackup`. The source gets a slot `banyan_<name>` first.
 * Like a new cluster it is made under another name, so that an interruption at any moment leaves either
 * nothing or a whole copy. Give it a role (`writeRole`) before its first start.
 *
 * @example
 * await copyCluster({ binaries, nodeDirectory: '/srv/notes/.banyan/nodes/db-3', address: '127.64.1.3',
 *   port: 5432, memoryMb: 1024, cpus: 2, from: { place, nodeDirectory: '…/db-2', adminPassword } })
 */
export async function copyCluster(options: CopyOptions): Promise<void> {
  const account = await accountForPostgres()
  const { directory, node, dataDirectory } = await locateNode(options.nodeDirectory)
  const facts = await readClusterFacts(node, dataDirectory)
  const source = await dataDirectoryOf(options.from.nodeDirectory)
  refuseOtherMajor(await readMajorVersion(source), options)
  const situation = classifyCluster(facts, options.binaries.major)
  if (situation === 'whole' || situation === 'unnamed') {
    refuseOtherCopy(facts, await readSystemIdentifier(source), options)
    if (node !== null) await writeNodeFile(directory, { ...node, state: 'whole' })
    return
  }
  await makeInNewDirectory(options, source, account)
}

/** Undoes the folder that it made itself, when it does not come to an end. */
async function makeInNewDirectory(
  options: CopyOptions,
  source: string,
  account: Account | null,
): Promise<void> {
  options.signal?.throwIfAborted()
  const top = await mkdir(options.nodeDirectory, { recursive: true })
  try {
    const directory = await realDirectory(options.nodeDirectory)
    await makeCopy({ ...options, nodeDirectory: directory }, source, account)
  } catch (error) {
    // Only a folder that was made here, and only while nothing is in it.
    if (top !== undefined) await rmdir(options.nodeDirectory).catch(() => {})
    throw await asCopyFailure(error, options)
  }
}

async function makeCopy(
  options: CopyOptions,
  source: string,
  account: Account | null,
): Promise<void> {
  const { nodeDirectory } = options
  const place = await chooseDataDirectory(account, nodeDirectory)
  const dataDirectory = resolve(nodeDirectory, place)
  const distant = isAbsolute(place)
  if (distant) await prepareDistant(nodeDirectory, dataDirectory, options.binaries.major)
  await removeLeftovers(dataDirectory)
  await removeUnfinished(join(nodeDirectory, 'node.json'))
  const workDirectory = await makeWorkDirectory(account, dataDirectory)
  try {
    const made = join(workDirectory, 'pg')
    await fill(options, source, made, account)
    await giveName(options, made, place)
  } finally {
    await removeWorkDirectory(workDirectory)
    if (distant) await removeDistant(dataDirectory)
  }
}

/** From the beginning of the backup to a data directory that could start. */
async function fill(
  options: CopyOptions,
  source: string,
  made: string,
  account: Account | null,
): Promise<void> {
  const backup = await beginBackup(options.from, slotNameOf(basename(options.nodeDirectory)))
  try {
    const signal = AbortSignal.any([backup.lost, ...(options.signal ? [options.signal] : [])])
    // Only what is there once the backup has begun is certain to be in the copy, or in the WAL.
    const tree = await readTree(source)
    await checkSpaceForCopy(dirname(made), tree.bytes)
    const { durable = true } = options
    const onBytes = paceOf(paceOptions(options, tree.bytes, signal))
    const copy = { from: source, to: made, owner: account, durable, signal, onBytes }
    await copyData(copy, tree, backup)
    signal.throwIfAborted()
  } catch (error) {
    await backup.dropSlot()
    // Whatever was under way at that moment only says that it was aborted.
    throw backup.lost.aborted && options.signal?.aborted !== true ? backup.lost.reason : error
  } finally {
    await backup.close()
  }
  await writeConfiguration(made, account, options)
}

function paceOptions(
  { from, bytesPerSecondMax, onProgress }: CopyOptions,
  totalBytes: number,
  signal: AbortSignal,
): PaceOptions {
  const { name } = from.place
  onProgress?.(`Copying ${name}, which has ${megabytes(totalBytes)} MB.`)
  const say = (done: number): void => onProgress?.(progressOf(name, done, totalBytes))
  return { totalBytes, bytesPerSecondMax, signal, onProgress: say }
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1_000_000)

function progressOf(name: string, done: number, total: number): string {
  const percent = Math.min(99, Math.floor((done / Math.max(1, total)) * 100))
  return `Copied ${megabytes(done)} of ${megabytes(total)} MB of ${name} (${percent}%).`
}
