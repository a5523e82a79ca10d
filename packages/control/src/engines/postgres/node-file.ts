import { randomBytes } from 'node:crypto'
import { chown, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BanyanError } from '@banyan/model'
import type { Account } from './account.ts'

/** What a node directory is: `node.json` beside the data. Its format is ours and has a version. */
export type NodeFile = {
  readonly format: 1
  readonly engine: 'postgres'
  /** The major version that the data directory was made with. */
  readonly version: number
  /** PostgreSQL's own name for the cluster, so that no other one is taken for it. */
  readonly systemIdentifier: string
  /** `data`, beside this file, or an absolute path where the data had to go elsewhere. */
  readonly dataDirectory: string
  /** `making` from the moment initdb is through until the data directory has its name. */
  readonly state: 'making' | 'whole'
}

export const nodeFileFormat = 1

/** The node file, or null where there is none. A newer or unreadable one is refused. */
export async function readNodeFile(nodeDirectory: string): Promise<NodeFile | null> {
  const path = join(nodeDirectory, 'node.json')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  return text === null ? null : parseNodeFile(path, text)
}

function parseNodeFile(path: string, text: string): NodeFile {
  const content = parseJson(text)
  if (typeof content?.format === 'number' && content.format > nodeFileFormat) {
    throw new BanyanError(
      'BANYAN_DATA_NEWER',
      `${path} has format ${content.format}; this version of Banyan knows formats up to ${nodeFileFormat}.`,
      { hint: 'Use the version of Banyan that wrote it, or a newer one. Nothing was changed.' },
    )
  }
  if (isNodeFile(content)) return content
  throw new BanyanError(
    'BANYAN_DATA_BROKEN',
    `${path} is not a node file of the engine "postgres".`,
    {
      hint: `Restore ${dirname(path)} from a backup, or move it away to begin with an empty one. Nothing was changed.`,
    },
  )
}

function isNodeFile(content: Partial<NodeFile> | null): content is NodeFile {
  return (
    content?.format === nodeFileFormat &&
    content.engine === 'postgres' &&
    Number.isInteger(content.version) &&
    typeof content.systemIdentifier === 'string' &&
    typeof content.dataDirectory === 'string' &&
    (content.state === 'making' || content.state === 'whole')
  )
}

function parseJson(text: string): Partial<NodeFile> | null {
  try {
    return JSON.parse(text) as Partial<NodeFile> | null
  } catch {
    return null
  }
}

/** Replaces the node file in one go, and makes it last through a loss of power. */
export async function writeNodeFile(nodeDirectory: string, content: NodeFile): Promise<void> {
  const text = `${JSON.stringify(content, null, 2)}\n`
  await replaceFile(join(nodeDirectory, 'node.json'), text, 0o644)
}

/** Writes a file under another name, syncs it, renames it, and syncs the folder. */
export async function replaceFile(
  path: string,
  text: string,
  mode: number,
  owner: Account | null = null,
): Promise<void> {
  const temporary = `${path}.new-${randomBytes(4).toString('hex')}`
  try {
    await writeSynced(temporary, text, mode)
    if (owner !== null) await chown(temporary, owner.uid, owner.gid)
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
  await syncDirectory(dirname(path))
}

async function writeSynced(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A rename lasts only once its folder is synced. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
