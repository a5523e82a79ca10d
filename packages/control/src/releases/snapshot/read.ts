import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BanyanError, type System } from '@banyan/model'
import { forgiveBroken, readJson } from '../../state/files.ts'
import type { StatePaths } from '../../state/paths.ts'
import { hasModules } from './modules-store.ts'
import { snapshotFolder } from './places.ts'
import { holderOf, rebase } from './rebase.ts'
import {
  type ManifestEntry,
  type ManifestFile,
  type Snapshot,
  type SnapshotFile,
  snapshotFormat,
} from './types.ts'

export const snapshotFileOf = (folder: string): string => join(folder, 'snapshot.json')
export const manifestFileOf = (folder: string): string => join(folder, 'manifest.json')
export const appOf = (folder: string): string => join(folder, 'app')

type Place = Pick<StatePaths, 'directory'>

/**
 * Reads the record of a snapshot; null where there is none.
 *
 * @throws BANYAN_STATE_BROKEN for one that is damaged, BANYAN_STATE_NEWER for one of a newer Banyan.
 */
export async function readSnapshotFile(folder: string): Promise<SnapshotFile | null> {
  const path = snapshotFileOf(folder)
  const file = await readJson<SnapshotFile>(path).catch((error: unknown) => {
    forgiveBroken(error)
    throw broken(path, 'does not hold a JSON object')
  })
  if (file === null) return null
  if (typeof file.format === 'number' && file.format > snapshotFormat) {
    throw new BanyanError(
      'BANYAN_STATE_NEWER',
      `${path} has format ${file.format}; this version of Banyan knows formats up to ${snapshotFormat}.`,
      {
        hint: 'Use the version of Banyan that made it, or a newer one. Nothing was changed.',
      },
    )
  }
  const isWhole =
    file.format === snapshotFormat && typeof file.app === 'string' && typeof file.files === 'number'
  if (!isWhole) throw broken(path, 'does not describe a snapshot')
  return file
}

/**
 * A snapshot that was taken.
 *
 * @example const { system } = await readSnapshot(statePaths('.banyan'), '0123456789abcdef')
 * @throws BANYAN_STATE_BROKEN when it, or the modules that it needs, are not there or damaged.
 */
export async function readSnapshot(paths: Place, digest: string): Promise<Snapshot> {
  const folder = snapshotFolder(paths, digest)
  const snapshot = await findSnapshot(paths, digest)
  if (snapshot !== null) return snapshot
  throw brokenFileOf(folder)
}

export function brokenFileOf(folder: string): BanyanError {
  return broken(snapshotFileOf(folder), 'does not exist')
}

/** Unlike the rest of the state, code can be copied anew. */
function broken(path: string, what: string): BanyanError {
  return new BanyanError('BANYAN_STATE_BROKEN', `${path} ${what}.`, {
    hint: `Restore ${path} from a backup; or start with the code as it is here: "banyan up --release". The data stays. Nothing was changed.`,
    details: { path },
  })
}

/** A snapshot, or null where there is none of that digest. */
export async function findSnapshot(paths: Place, digest: string): Promise<Snapshot | null> {
  const folder = snapshotFolder(paths, digest)
  const file = await readSnapshotFile(folder)
  if (file === null) return null
  const app = appOf(folder)
  if ((await stat(app).catch(() => null))?.isDirectory() !== true)
    throw broken(app, 'does not exist')
  const isStored = file.modulesFolders.some(({ target }) => target === null)
  if (isStored && !(await hasModules(paths, file.modules ?? ''))) {
    throw broken(join(paths.directory, 'modules', file.modules ?? ''), 'does not exist')
  }
  return await snapshotOf(folder, file)
}

/** What a snapshot holds. */
export async function readManifest(folder: string): Promise<readonly ManifestEntry[]> {
  const path = manifestFileOf(folder)
  const { manifest } = (await readJson<Partial<ManifestFile>>(path)) ?? {}
  if (!Array.isArray(manifest)) throw broken(path, 'does not say what the snapshot holds')
  return manifest
}

async function snapshotOf(folder: string, file: SnapshotFile): Promise<Snapshot> {
  const { digest, files, bytes, modules, takenAt } = file
  const system = await systemAt(folder, file)
  const builtPath = join(folder, 'built.json')
  return { digest, folder, system, files, bytes, modules, takenAt, builtPath }
}

/** The state directory may have been moved since. */
async function systemAt(folder: string, { app, system }: SnapshotFile): Promise<System> {
  if (app === appOf(folder)) return system
  return rebase(system, app, appOf(folder), holderOf(await readManifest(folder)))
}
