import { setTimeout as sleep } from 'node:timers/promises'
import { attemptSnapshot } from './attempt.ts'
import { makeFolder } from './make-folder.ts'
import { removeLeftBehind, snapshotsFolder } from './places.ts'
import { refused } from './refuse.ts'
import { openSource, type Source } from './source.ts'
import type { Snapshot, SnapshotRequest } from './types.ts'

const attemptsMax = 5

/**
 * Takes a snapshot of an app: its files as they are now, what is installed for it, and its config.
 * The same content gives the same snapshot, which is not copied again. It is whole or not there.
 *
 * @example
 * const snapshot = await takeSnapshot({ paths, system, config: '/srv/app/banyan.config.ts' })
 * snapshot.system.root // /srv/app/.banyan/snapshots/0123456789abcdef/app
 * @throws BANYAN_RELEASE_REFUSED when the app cannot be released as it is, BANYAN_STATE_UNWRITABLE when the disk is full.
 */
export async function takeSnapshot(request: SnapshotRequest): Promise<Snapshot> {
  const { paths, system, signal } = request
  const source = openSource(system, paths.directory)
  // The app's code and its .env: nobody else's business, whoever may enter the state directory.
  await makeFolder(snapshotsFolder(paths), 0o700)
  await removeLeftBehind(snapshotsFolder(paths))
  let changed = ''
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const outcome = await attemptSnapshot(request, source)
    if (!('changed' in outcome)) return outcome
    changed = outcome.changed
    await sleep(25 * 2 ** attempt, undefined, { signal })
  }
  throw keepsChanging(source, changed)
}

function keepsChanging({ root }: Source, path: string) {
  return refused(
    `${path} keeps changing: each of ${attemptsMax} attempts to copy the app found it changed in the meantime.`,
    `Wait until whatever writes to it is done; or, when it is not part of the code, name it in ${root}/.gitignore.`,
    { path },
  )
}
