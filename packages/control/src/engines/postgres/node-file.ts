import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BanyanError } from '@banyan/model'
import { replaceFile } from './replace-file.ts'

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
export async function writeNodeFile(
  nodeDirectory: string,
  content: NodeFile,
  durable = true,
): Promise<void> {
  const text = `${JSON.stringify(content, null, 2)}\n`
  await replaceFile(join(nodeDirectory, 'node.json'), text, { mode: 0o644, durable })
}
