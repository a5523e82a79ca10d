import { statSync } from 'node:fs'

/** Held while a control process lives. */
export type Lock = {
  /** Whether the path still leads to the file that is locked: not once its folder was moved or deleted. */
  isThere(): boolean
  release(): void
}

/**
 * One control per state directory. The lock is the kernel's (SQLite takes it with fcntl), so that it
 * ends with its holder however that dies, and nobody ever has to judge whether a lock file is stale.
 * Null where another process holds it.
 */
export function takeLock(path: string): Lock | null {
  // Asked for here, because Node 22 warns on stderr as soon as it is loaded.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('begin exclusive')
    const locked = inodeOf(path)
    return { isThere: () => isSame(locked, path), release: () => database.close() }
  } catch (error) {
    database.close()
    if (isBusy(error)) return null
    throw isNoDatabase(error) ? brokenLock(path) : error
  }
}

/** The lock keeps its file open, so that no other file gets the same number meanwhile. */
function inodeOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true })
  return `${dev}:${ino}`
}

/** What cannot be looked at now (a mount that hangs, a right that is missing) is not gone. */
function isSame(locked: string, path: string): boolean {
  try {
    return inodeOf(path) === locked
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code !== 'ENOENT' && code !== 'ENOTDIR'
  }
}

function isNoDatabase(error: unknown): boolean {
  const sqliteNotADatabase = 26
  return (error as { errcode?: number }).errcode === sqliteNotADatabase
}

/** Not one of our errors: the holder takes its lock here, and is to load little. */
function brokenLock(path: string): Error {
  return new Error(
    `${path} is damaged: it is no lock file. Delete it, once no process of this system runs`,
  )
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5
  return (error as { errcode?: number }).errcode === sqliteBusy
}
