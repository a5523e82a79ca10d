import { dirname } from 'node:path'
import { BanyanError, type System } from '@banyan/model'
import { Pace } from './pace.ts'
import { brokenFileOf, readManifest, readSnapshotFile } from './read.ts'
import { fixedPlace, holderOf, rebase } from './rebase.ts'
import { look } from './sight.ts'
import { openSource } from './source.ts'
import type { ManifestEntry, Snapshot, SnapshotFile } from './types.ts'

/**
 * What has changed in an app since a snapshot was taken of it: the paths that were added, changed or
 * removed, `config` when it comes to another system, `node_modules` when something else is installed.
 *
 * @example (await differenceFrom(snapshot, await loadSystem('banyan.config.ts'))).changed // ['src/web.ts']
 */
export async function differenceFrom(
  snapshot: Snapshot,
  system: System,
): Promise<{ readonly changed: readonly string[] }> {
  const file = await readSnapshotFile(snapshot.folder)
  if (file === null) throw brokenFileOf(snapshot.folder)
  try {
    return { changed: await changesSince(snapshot, file, system) }
  } catch (error) {
    if (!BanyanError.is(error) || error.code !== 'BANYAN_RELEASE_REFUSED') throw error
    // No snapshot can be taken of it as it is, so that it is another than the one that was taken.
    const culprit = error.details.path ?? error.details.folder
    return { changed: [typeof culprit === 'string' ? culprit : system.root] }
  }
}

async function changesSince(
  { folder }: Snapshot,
  file: SnapshotFile,
  system: System,
): Promise<string[]> {
  const source = openSource(system, dirname(dirname(folder)))
  const { manifest, modules } = await look(source, new Pace(undefined))
  const recorded = await readManifest(folder)
  const changed = changedPaths(recorded, manifest)
  const now = rebase(system, source.root, fixedPlace, holderOf(manifest))
  const then = rebase(file.system, file.app, fixedPlace, holderOf(recorded))
  if (JSON.stringify(now) !== JSON.stringify(then)) changed.push('config')
  if ((modules?.key ?? null) !== file.installed) changed.push('node_modules')
  return changed
}

function changedPaths(before: readonly ManifestEntry[], after: readonly ManifestEntry[]): string[] {
  const was = new Map(before.map((entry) => [entry.path, JSON.stringify(entry)]))
  const is = new Map(after.map((entry) => [entry.path, JSON.stringify(entry)]))
  const paths = [...new Set([...was.keys(), ...is.keys()])].sort()
  return paths.filter((path) => was.get(path) !== is.get(path))
}
