import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ReadJournal } from './read-journal.ts'

const climbsKept = 50

/**
 * Leaves the last climbs and drops the older ones, all of a climb or nothing. Whoever dies in the
 * middle leaves the old file; a disk that is full leaves it too, since nothing depends on this.
 */
export async function prune(path: string, { history, lines }: ReadJournal): Promise<boolean> {
  if (history.climbs.length <= climbsKept) return false
  const kept = new Set(history.climbs.slice(-climbsKept))
  const bytes = Buffer.concat(
    lines.filter(({ climb }) => kept.has(climb)).map((line) => line.bytes),
  )
  const temporary = `${path}.new-${randomBytes(4).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncDirectory(path)
    return true
  } catch {
    return false
  } finally {
    await rm(temporary, { force: true })
  }
}

/** The name of a new file is in its folder, which the disk keeps apart. */
export async function syncDirectory(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
