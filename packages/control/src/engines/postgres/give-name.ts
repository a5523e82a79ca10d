import { rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Binaries } from './binaries.ts'
import { classifyCluster, readClusterFacts } from './cluster-state.ts'
import { readSystemIdentifier } from './control-file.ts'
import { type NodeFile, nodeFileFormat, writeNodeFile } from './node-file.ts'
import { writeOrigin } from './origin.ts'
import { makeEnterable, sharedDirectory } from './placement.ts'
import { syncDirectory } from './replace-file.ts'

/** What a new cluster and a copy share: both are made under another name, and get their own when they are whole. */
export type NameOptions = {
  readonly binaries: Binaries
  readonly nodeDirectory: string
  readonly durable?: boolean
  readonly signal?: AbortSignal
}

/** A distant place has to be as empty as the near one was. */
export async function prepareDistant(
  nodeDirectory: string,
  dataDirectory: string,
  major: number,
): Promise<void> {
  classifyCluster(await readClusterFacts(null, dataDirectory), major)
  await makeEnterable(sharedDirectory)
  await makeEnterable(dirname(dataDirectory))
  await writeOrigin(nodeDirectory, dataDirectory)
}

/** The moment in which it becomes a node. Up to the rename an abort undoes everything. */
export async function giveName(options: NameOptions, made: string, place: string): Promise<void> {
  const { nodeDirectory, binaries, durable = true, signal } = options
  const dataDirectory = resolve(nodeDirectory, place)
  const node: NodeFile = {
    format: nodeFileFormat,
    engine: 'postgres',
    version: binaries.major,
    systemIdentifier: (await readSystemIdentifier(made)) ?? '',
    dataDirectory: place,
    state: 'making',
  }
  await writeNodeFile(nodeDirectory, node, durable)
  try {
    signal?.throwIfAborted()
    await rename(made, dataDirectory)
  } catch (error) {
    await rm(join(nodeDirectory, 'node.json'), { force: true })
    throw error
  }
  if (durable) await syncDirectory(dirname(dataDirectory))
  await writeNodeFile(nodeDirectory, { ...node, state: 'whole' }, durable)
}
