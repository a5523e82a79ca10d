import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { identify, isSameProcess, type ProcessIdentity } from '../sites/identity.ts'
import type { StatePaths } from '../state/paths.ts'

/*
 * `attached/<id>/`: one folder for each command that the system is held for. Control looks at the
 * folders and at the processes that they name, so that nobody has to say goodbye: a command that was
 * killed is missed as surely as one that has ended. All of it is synchronous: between control's look
 * and its decision to stop nobody can attach himself.
 */

export type AttachedKind = 'dev' | 'exec'

type AttachedFile = {
  readonly format: 1
  /** The state directory that it was made for: in a copy of that, it says nothing. */
  readonly directory: string
  readonly kind: AttachedKind
  readonly identity: ProcessIdentity
  /** A database of its own, to be dropped afterwards. */
  readonly freshDatabase: string | null
}

export type Attached = {
  readonly id: string
  readonly folder: string
  readonly kind: AttachedKind
  /** Null where its process has ended, or was of another state directory. */
  readonly pid: number | null
  readonly freshDatabase: string | null
}

const fileName = 'attached.json'

/** Attaches this process. The folder stands there whole or not at all. */
export function attach(
  paths: StatePaths,
  kind: AttachedKind,
  freshDatabase: string | null = null,
): Attached {
  const { pid } = process
  const identity = identify(pid) ?? { pid, startTime: 'unknown' }
  const id = `${kind}-${pid}-${randomBytes(4).toString('hex')}`
  const file: AttachedFile = {
    format: 1,
    directory: paths.directory,
    kind,
    identity,
    freshDatabase,
  }
  const half = join(paths.attached, `.new-${id}`)
  const folder = join(paths.attached, id)
  mkdirSync(half, { recursive: true, mode: 0o700 })
  writeFileSync(join(half, fileName), `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  renameSync(half, folder)
  return { id, folder, kind, pid, freshDatabase }
}

export function detach({ folder }: Attached): void {
  rmSync(folder, { recursive: true, force: true })
}

/** All that are there, with and without a process. */
export function listAttached(paths: StatePaths): Attached[] {
  return namesIn(paths.attached)
    .filter((name) => !name.startsWith('.'))
    .flatMap((id) => {
      const folder = join(paths.attached, id)
      const file = readFile(join(folder, fileName))
      if (file === null) return []
      const isOurs = file.directory === paths.directory && isSameProcess(file.identity)
      const { kind, freshDatabase } = file
      return [{ id, folder, kind, pid: isOurs ? file.identity.pid : null, freshDatabase }]
    })
}

/** Whether the system still has to be there for somebody of this kind. */
export function isHeldBy(paths: StatePaths, kind: AttachedKind): boolean {
  return listAttached(paths).some((attached) => attached.kind === kind && attached.pid !== null)
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Null while it is being removed. */
function readFile(path: string): AttachedFile | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as AttachedFile
  } catch {
    return null
  }
}
