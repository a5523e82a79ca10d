import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BanyanError } from '@banyan/model'
import { readMajorVersion, readSystemIdentifier } from './control-file.ts'
import { type NodeFile, nodeFileFormat } from './node-file.ts'

/** What was found on the disk, without judging it. */
export type ClusterFacts = {
  readonly node: NodeFile | null
  readonly dataDirectory: string
  /** `empty`: there is none, or nothing in it. */
  readonly data: 'empty' | 'filled'
  readonly majorVersion: number | null
  readonly systemIdentifier: string | null
}

/**
 * `absent`: nothing is there. `interrupted`: it was being made, and its data directory has no name
 * yet. `unnamed`: the same, one step later. `whole`: can be started.
 */
export type ClusterSituation = 'absent' | 'interrupted' | 'unnamed' | 'whole'

/** Reads what is on the disk; changes nothing. */
export async function readClusterFacts(
  node: NodeFile | null,
  dataDirectory: string,
): Promise<ClusterFacts> {
  return {
    node,
    dataDirectory,
    data: (await entriesOf(dataDirectory)).length > 0 ? 'filled' : 'empty',
    majorVersion: await readMajorVersion(dataDirectory),
    systemIdentifier: await readSystemIdentifier(dataDirectory),
  }
}

async function entriesOf(directory: string): Promise<string[]> {
  return await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    if (error.code === 'ENOTDIR') return [directory]
    throw error
  })
}

/** Names the situation, or refuses it. A data directory that is in doubt is never touched. */
export function classifyCluster(facts: ClusterFacts, major: number): ClusterSituation {
  const { node, data, systemIdentifier } = facts
  if (node === null) return data === 'empty' ? 'absent' : refuseForeign(facts)
  if (node.state === 'making' && data === 'empty') return 'interrupted'
  if (data === 'empty') return refuseBroken(facts, 'is missing or empty')
  if (facts.majorVersion === null) return refuseBroken(facts, 'has no readable PG_VERSION')
  if (systemIdentifier === null) return refuseBroken(facts, 'has no readable global/pg_control')
  if (systemIdentifier !== node.systemIdentifier) return refuseOtherCluster(facts)
  if (facts.majorVersion !== major) return refuseVersion(facts, major)
  return node.state === 'making' ? 'unnamed' : 'whole'
}

function refuseForeign({ dataDirectory, majorVersion }: ClusterFacts): never {
  const content = majorVersion === null ? 'files' : `a cluster of PostgreSQL ${majorVersion}`
  throw new BanyanError(
    'BANYAN_DATA_FOREIGN',
    `${dataDirectory} holds ${content}, but no node.json of Banyan goes with it.`,
    {
      hint: `Move ${dataDirectory} away (or delete it, if nothing in it is needed), or restore the node.json that belongs to it. Nothing was changed.`,
      details: { dataDirectory, format: nodeFileFormat },
    },
  )
}

function refuseOtherCluster({ dataDirectory, node, systemIdentifier }: ClusterFacts): never {
  throw new BanyanError(
    'BANYAN_DATA_FOREIGN',
    `${dataDirectory} holds the cluster ${systemIdentifier}, but node.json names the cluster ${node?.systemIdentifier}.`,
    {
      hint: 'Put back the data directory that belongs to this node, or restore the node from a backup. Nothing was changed.',
      details: { dataDirectory, found: systemIdentifier, expected: node?.systemIdentifier },
    },
  )
}

function refuseBroken({ dataDirectory }: ClusterFacts, fault: string): never {
  throw new BanyanError('BANYAN_DATA_BROKEN', `The data directory ${dataDirectory} ${fault}.`, {
    hint: `Check that its disk is mounted, or restore it from a backup; to begin with an empty database, move ${dirname(dataDirectory)} and the node's node.json away. Nothing was changed.`,
    details: { dataDirectory },
  })
}

function refuseVersion({ dataDirectory, majorVersion }: ClusterFacts, major: number): never {
  throw new BanyanError(
    'BANYAN_DATA_VERSION',
    `${dataDirectory} was made by PostgreSQL ${majorVersion}; the binaries are PostgreSQL ${major}.`,
    {
      hint: `Set data.postgres to a PostgreSQL ${majorVersion}, or take the data along with pg_upgrade. Nothing was changed.`,
      details: { dataDirectory, found: majorVersion, binaries: major },
    },
  )
}
