import { makeStateDirectory } from '../state/directory.ts'
import type { StatePaths } from '../state/paths.ts'
import { type Attached, type AttachedKind, attach } from './attachments.ts'

/** Attaches this process to a system, whose state directory is made first where there is none. */
export async function attachTo(
  paths: StatePaths,
  system: string,
  kind: AttachedKind,
  freshDatabase: string | null = null,
): Promise<Attached> {
  await makeStateDirectory(paths, system)
  return attach(paths, kind, freshDatabase)
}
