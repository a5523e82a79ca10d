import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { System } from '@banyan/model'
import { targetOf } from '../engines/adopted/target.ts'
import { distantHomes, removeDistantHomes } from '../engines/observer/home.ts'
import { dataDirectoryOf, removeCluster } from '../engines/postgres/engine.ts'
import { inspectStateDirectory } from '../state/directory.ts'
import { readJson } from '../state/files.ts'
import { nodeDirectory, type StatePaths } from '../state/paths.ts'
import { readTopology } from '../state/topology-file.ts'
import { stopStoreOffline } from '../telemetry/store-process.ts'
import { withoutControl } from './stop.ts'

/** One thing that `down --destroy` deletes. */
export type Doomed = { readonly path: string; readonly what: string; readonly bytes: number }

/** What destroying a system would delete; changes nothing. Empty where there is nothing of ours. */
export async function listDoomed(paths: StatePaths): Promise<Doomed[]> {
  if ((await inspectStateDirectory(paths)) === null) return []
  const databases = await Promise.all(
    (await dataNodes(paths)).map(async (name) => {
      const path = await dataDirectoryOf(nodeDirectory(paths, name))
      return { path, what: `the data of ${name}`, bytes: await sizeOf(path) }
    }),
  )
  const measured = await measuredIn(paths)
  const inside = databases.filter(({ path }) => path.startsWith(`${paths.directory}/`))
  const all = await sizeOf(paths.directory)
  const rest = all - [...inside, ...measured].reduce((sum, { bytes }) => sum + bytes, 0)
  const what = 'logs, passwords and everything else in the state directory'
  const observed = await observedOutside(paths)
  return [...databases, ...measured, ...observed, { path: paths.directory, what, bytes: rest }]
}

/** Of those who watch, where they could not enter the state directory. */
async function observedOutside(paths: StatePaths): Promise<Doomed[]> {
  const what = 'what Prometheus or Alertmanager has kept'
  const homes = await distantHomes(paths)
  return await Promise.all(homes.map(async (path) => ({ path, what, bytes: await sizeOf(path) })))
}

/** What the store has kept. */
async function measuredIn({ store }: StatePaths): Promise<Doomed[]> {
  if (!(await isThere(store))) return []
  const what = 'what was measured: metrics, logs, traces and events'
  return [{ path: store, what, bytes: await sizeOf(store) }]
}

/** The servers that a system has adopted, `db.example:5432/notes`: whatever is deleted, they stay. */
export async function listAdopted(paths: StatePaths): Promise<string[]> {
  const system = await readJson<System>(paths.system)
  return system?.data?.url == null ? [] : [targetOf(system).name]
}

/** Deletes a system that is stopped, with its data, wherever that is. */
export async function destroy(paths: StatePaths): Promise<void> {
  if ((await inspectStateDirectory(paths)) === null) return
  await withoutControl(paths, async () => {
    await stopStoreOffline(paths)
    for (const name of await dataNodes(paths)) await removeCluster(nodeDirectory(paths, name))
    await removeDistantHomes(paths)
  })
  await rm(paths.directory, { recursive: true, force: true })
}

/** The recorded ones, and those that an interrupted `up` had made but not recorded yet. */
async function dataNodes(paths: StatePaths): Promise<string[]> {
  const { nodes } = await readTopology(paths)
  const recorded = nodes
    .filter(({ tier, adopted }) => tier === 'data' && !adopted)
    .map(({ name }) => name)
  const folders = await readdir(paths.nodes).catch(() => [])
  const made = await Promise.all(
    folders.map(async (name) =>
      (await isThere(join(paths.nodes, name, 'node.json'))) ? [name] : [],
    ),
  )
  return [...new Set([...recorded, ...made.flat()])]
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

async function sizeOf(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
