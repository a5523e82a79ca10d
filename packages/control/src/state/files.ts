import { randomBytes } from 'node:crypto'
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BanyanError } from '@banyan/model'

/** The text of a file, or null where there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
}

export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

/** A JSON file of ours, or null where there is none. What cannot be read as an object is refused. */
export async function readJson<T extends object>(path: string): Promise<T | null> {
  const text = await readIfThere(path)
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as T
  } catch {
    // Falls through: half a file and a file of something else are said alike.
  }
  throw brokenFile(path, 'does not hold a JSON object')
}

/** For a file that nothing depends on: a damaged one is as good as none. */
export function forgiveBroken(error: unknown): null {
  if (BanyanError.is(error) && error.code === 'BANYAN_STATE_BROKEN') return null
  throw error
}

export function brokenFile(path: string, what: string): BanyanError {
  return new BanyanError('BANYAN_STATE_BROKEN', `${path} ${what}.`, {
    hint: `Restore ${path} from a backup; or move the state directory away and run "banyan up" to begin anew. Nothing was changed.`,
    details: { path },
  })
}

/** Removes what a process that was killed while it wrote has left in a folder. Only the holder of the lock may. */
export async function removeHalfWritten(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  const halves = names.filter((name) => /\.new-[0-9a-f]{8}$/.test(name))
  await Promise.all(halves.map((name) => rm(join(directory, name), { force: true })))
}

/** A JSON file of ours, replaced in one go. */
export async function writeJson(path: string, value: unknown, mode = 0o644): Promise<void> {
  await writeText(path, `${JSON.stringify(value, null, 2)}\n`, mode)
}

/** Replaces a file in one go: whoever reads it sees the old content or the new one, never half. */
export async function writeText(path: string, text: string, mode = 0o644): Promise<void> {
  const temporary = `${path}.new-${randomBytes(4).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    throw isFull(error) ? diskFull(path, error) : error
  } finally {
    await rm(temporary, { force: true })
  }
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Node names no file where a write fails, and whoever has to free the space needs one. */
function diskFull(path: string, cause: unknown): BanyanError {
  return new BanyanError(
    'BANYAN_STATE_UNWRITABLE',
    `${path} cannot be written: the disk is full.`,
    {
      hint: 'Free space on that disk, and ask again. What runs goes on.',
      details: { path, cause: (cause as NodeJS.ErrnoException).code ?? null },
      cause,
    },
  )
}
