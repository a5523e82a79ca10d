import { createHash } from 'node:crypto'
import { chmod, cp, mkdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type Account, canEnter } from './account.ts'
import { type Binaries, packageDirectoryOf } from './binaries.ts'
import { type NodeFile, readNodeFile } from './node-file.ts'
import { checkOrigin } from './origin.ts'

/**
 * Where data and binaries really are. When root runs PostgreSQL under another user, that user may
 * not be able to enter the folders of the project (a clone below /root, a private temporary
 * folder). Then both live below /var/lib/banyan, and `node.json` says so.
 */
export const sharedDirectory = '/var/lib/banyan'

/** A node on the disk: its `node.json`, if there is one, and where its data is or would be. */
export type LocatedNode = {
  /** Without symbolic links. */
  readonly directory: string
  readonly node: NodeFile | null
  readonly dataDirectory: string
}

/** Reads where a node is. Data below /var/lib/banyan belongs to one node directory only. */
export async function locateNode(nodeDirectory: string): Promise<LocatedNode> {
  const directory = await realDirectory(nodeDirectory)
  const node = await readNodeFile(directory)
  const dataDirectory = resolve(directory, node?.dataDirectory ?? 'data')
  if (dirname(dataDirectory) !== directory) await checkOrigin(directory, dataDirectory)
  return { directory, node, dataDirectory }
}

/**
 * The data directory of a node that exists, as its `node.json` says, else where it would be by default.
 *
 * @example
 * const dataDirectory = await dataDirectoryOf('/srv/notes/.banyan/nodes/postgres-1')
 */
export async function dataDirectoryOf(nodeDirectory: string): Promise<string> {
  return (await locateNode(nodeDirectory)).dataDirectory
}

/** Where a new data directory goes: `data` in the node directory, or an absolute path. */
export async function chooseDataDirectory(
  account: Account | null,
  directory: string,
): Promise<string> {
  if (account === null || (await canEnter(account, directory))) return 'data'
  return join(distantDirectory(directory), 'data')
}

/** The working directory of a process is shown without symbolic links, so ours has none either. */
export async function realDirectory(nodeDirectory: string): Promise<string> {
  const directory = resolve(nodeDirectory)
  return await realpath(directory).catch(() => directory)
}

/** The folder below /var/lib/banyan for a node directory, whose path makes it the only one. */
export function distantDirectory(nodeDirectory: string): string {
  const digest = createHash('sha256').update(nodeDirectory).digest('hex').slice(0, 16)
  return join(sharedDirectory, `${basename(nodeDirectory)}-${digest}`)
}

/** Removes the folder of a node's data below /var/lib/banyan, unless there still is data in it. */
export async function removeDistant(dataDirectory: string): Promise<void> {
  if (await exists(dataDirectory)) return
  await rm(dirname(dataDirectory), { recursive: true, force: true })
}

/** Makes a folder that others may enter but not list. */
export async function makeEnterable(directory: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true, mode: 0o711 })
  if (made !== undefined) await chmod(directory, 0o711)
}

/** The binaries in a place where the account can run them: where they are, or a copy made once. */
export async function reachableBinaries(
  account: Account | null,
  binaries: Binaries,
): Promise<Binaries> {
  if (account === null || (await canEnter(account, join(binaries.binDirectory, 'postgres')))) {
    return binaries
  }
  const source = packageDirectoryOf(binaries)
  const copy = join(sharedDirectory, 'engines', await copyName(binaries))
  if (!(await exists(copy))) await copyOnce(source, copy)
  return { ...binaries, binDirectory: join(copy, binaries.binDirectory.slice(source.length)) }
}

/** By content: two packages may hold different builds of one version. */
async function copyName(binaries: Binaries): Promise<string> {
  const content = await readFile(join(binaries.binDirectory, 'postgres'))
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 12)
  return `${binaries.version}-${digest}`
}

/** Copied under another name and renamed, so that a copy that was cut off is never used. */
async function copyOnce(source: string, target: string): Promise<void> {
  await makeEnterable(sharedDirectory)
  await makeEnterable(dirname(target))
  const temporary = `${target}.new-${process.pid}`
  try {
    await cp(source, temporary, { recursive: true, verbatimSymlinks: true })
    await rename(temporary, target).catch(async (error) => {
      if (!(await exists(target))) throw error
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
