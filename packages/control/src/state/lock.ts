/** Held while a control process lives. */
export type Lock = { release(): void }

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
    return { release: () => database.close() }
  } catch (error) {
    database.close()
    if (isBusy(error)) return null
    throw error
  }
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5
  return (error as { errcode?: number }).errcode === sqliteBusy
}
