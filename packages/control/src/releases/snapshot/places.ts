import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { identify } from '../../sites/identity.ts'
import type { StatePaths } from '../../state/paths.ts'

/** Where snapshots and modules lie in a state directory. */
export function snapshotsFolder(paths: Pick<StatePaths, 'directory'>): string {
  return join(paths.directory, 'snapshots')
}

export function modulesFolder(paths: Pick<StatePaths, 'directory'>): string {
  return join(paths.directory, 'modules')
}

export function snapshotFolder(paths: Pick<StatePaths, 'directory'>, digest: string): string {
  return join(snapshotsFolder(paths), digest)
}

/**
 * A folder that several systems of a machine take their modules from, or null. It is for tests and
 * build machines, where systems come and go: each of them has its own names for the same files.
 */
export function modulesCache(): string | null {
  const named = process.env.BANYAN_MODULES_CACHE
  return named === undefined || named === '' ? null : resolve(named)
}

/** The name of a folder that this process works in until it is whole: it says who, so that others know when it is left behind. */
export function takingName(): string {
  const startTime = identify(process.pid)?.startTime ?? ''
  return `.taking-${process.pid}-${Buffer.from(startTime).toString('hex')}-${randomBytes(4).toString('hex')}`
}

/** The names of folders that somebody works in, or has worked in, and whether that process lives. */
export async function takingsIn(folder: string): Promise<{ name: string; lives: boolean }[]> {
  const names = await readdir(folder).catch(() => [])
  return names.flatMap((name) => {
    const [, pid, startTime] = /^\.taking-(\d+)-([0-9a-f]*)-[0-9a-f]{8}$/.exec(name) ?? []
    if (pid === undefined || startTime === undefined) return []
    const now = identify(Number(pid))?.startTime ?? null
    return [{ name, lives: now === Buffer.from(startTime, 'hex').toString() }]
  })
}

/** Removes what processes that ended in the middle have left in a folder. */
export async function removeLeftBehind(folder: string): Promise<void> {
  const dead = (await takingsIn(folder)).filter(({ lives }) => !lives)
  for (const { name } of dead) await rm(join(folder, name), { recursive: true, force: true })
}
