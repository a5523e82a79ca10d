import type { Node } from '@banyan/model'
import { findServer } from '../engines/postgres/engine.ts'
import { identify, type ProcessIdentity } from '../sites/identity.ts'
import { localSite } from '../sites/local.ts'
import { nodeDirectory, type StatePaths } from '../state/paths.ts'
import { markOf, readRunFile } from './run-file.ts'

export type FoundProcess = { readonly identity: ProcessIdentity; readonly startedAt: string }

/** The process of a node that runs now for this state directory, whoever started it; null without one. */
export async function findProcess(paths: StatePaths, node: Node): Promise<FoundProcess | null> {
  // Whoever runs an adopted server knows its process; it is none of ours.
  if (node.adopted) return null
  return node.engine === 'postgres'
    ? await findDatabase(paths, node.name)
    : await findService(paths, node.name)
}

async function findService(paths: StatePaths, node: string): Promise<FoundProcess | null> {
  const record = await readRunFile(paths, node)
  if (record === null) return null
  return (await localSite.isOurs(record.identity, markOf(paths, node))) ? record : null
}

async function findDatabase(paths: StatePaths, node: string): Promise<FoundProcess | null> {
  // Data that belongs to another state directory is refused there, and is not ours to look at.
  const server = await findServer(nodeDirectory(paths, node)).catch(() => null)
  const identity = server && identify(server.pid)
  if (identity === null) return null
  const record = await readRunFile(paths, node)
  const isRecorded = record?.identity.startTime === identity.startTime
  return {
    identity,
    startedAt: isRecorded && record !== null ? record.startedAt : new Date().toISOString(),
  }
}
