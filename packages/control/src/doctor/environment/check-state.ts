import { BanyanError, emptyTopology, type Topology } from '@banyan/model'
import { findControl } from '../../api/find-control.ts'
import { choosePlace } from '../../api/prepare-up.ts'
import { freeMbOf, newClusterMb } from '../../engines/postgres/disk-space.ts'
import { tryToListen } from '../../engines/postgres/free-address.ts'
import { holderOfPort } from '../../sites/proc.ts'
import { checkWritable, inspectStateDirectory } from '../../state/directory.ts'
import { readJson } from '../../state/files.ts'
import type { StatePaths } from '../../state/paths.ts'
import { type Check, ok } from './check.ts'

/** The state directory, its disk, and the port that the app would answer on. */
export async function checkState(paths: StatePaths): Promise<readonly Check[]> {
  const state = await asCheck('state directory', () => checkDirectory(paths))
  const disk = await asCheck('disk', () => checkDisk(paths))
  const port = await asCheck('port', () => checkPort(paths))
  return [state, disk, port]
}

/** What would stop `up` is a failed check here, with the same words. */
async function asCheck(name: string, look: () => Promise<Check>): Promise<Check> {
  try {
    return await look()
  } catch (error) {
    if (!BanyanError.is(error)) throw error
    return {
      name,
      outcome: 'failed',
      found: error.message,
      why: null,
      mend: error.hint ?? null,
      rungs: [],
    }
  }
}

async function checkDirectory(paths: StatePaths): Promise<Check> {
  const name = 'state directory'
  const marker = await inspectStateDirectory(paths)
  await checkWritable(paths)
  if (marker === null) return ok(name, `${paths.directory} (not there yet; "banyan up" makes it)`)
  const control = await findControl(paths)
  const runs = control === null ? 'nothing runs' : `runs, control is process ${control.pid}`
  return ok(name, `${paths.directory} (system ${marker.system}, ${runs})`)
}

async function checkDisk(paths: StatePaths): Promise<Check> {
  const name = 'disk'
  const freeMb = await freeMbOf(paths.directory)
  const { nodes } = (await readJson<Topology>(paths.topology)) ?? emptyTopology
  const found = `${(freeMb / 1024).toFixed(1)} GB free below ${paths.directory}`
  if (freeMb >= newClusterMb) return ok(name, found)
  const isNew = !nodes.some(({ tier }) => tier === 'data')
  return {
    name,
    outcome: isNew ? 'failed' : 'advice',
    found: `${freeMb} MB free below ${paths.directory}`,
    why: `a new database takes ${newClusterMb} MB`,
    mend: 'Free some space there, or put the state on another disk with --dir.',
    rungs: [],
  }
}

async function checkPort(paths: StatePaths): Promise<Check> {
  const name = 'port'
  const { host, port } = await choosePlace(paths, { host: null, port: null })
  if ((await findControl(paths)) !== null) {
    return ok(name, `${port} on ${host}, where this system runs`)
  }
  const bound = await tryToListen({ address: host, port })
  if (typeof bound === 'object') return ok(name, `${port} is free on ${host}`)
  const holder = bound === 'taken' ? await holderOfPort(port) : null
  const found =
    bound === 'refused'
      ? `nothing may listen on ${host}:${port}`
      : `${host}:${port} is taken by ${holder === null ? 'another process' : `process ${holder.pid} (${programOf(holder.command)})`}`
  return { name, outcome: 'advice', found, why: null, mend: 'banyan up --port NUMBER', rungs: [] }
}

/** The program alone: what stands behind it may be a secret of somebody else. */
const programOf = (command: string): string => command.split(' ')[0] ?? command
