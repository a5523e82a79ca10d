import { randomBytes } from 'node:crypto'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Account } from './account.ts'

export type FileOptions = {
  readonly mode: number
  readonly owner?: Account | null
  /** False leaves out the syncs: what is thrown away need not survive a loss of power. */
  readonly durable?: boolean
}

/** Writes a file under another name, syncs it, renames it, and syncs the folder. */
export async function replaceFile(
  path: string,
  text: string | Buffer,
  options: FileOptions,
): Promise<void> {
  const temporary = `${path}.new-${randomBytes(4).toString('hex')}`
  try {
    await write(temporary, text, options)
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
  if (options.durable !== false) await syncDirectory(dirname(path))
}

async function write(path: string, text: string | Buffer, options: FileOptions): Promise<void> {
  const { mode, owner = null, durable = true } = options
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(text)
    if (owner !== null) await file.chown(owner.uid, owner.gid)
    if (durable) await file.sync()
  } finally {
    await file.close()
  }
}

/** Removes what an interrupted replacement of the file left. */
export async function removeUnfinished(path: string): Promise<void> {
  const names = await readdir(dirname(path)).catch(() => [])
  const unfinished = names.filter((name) => name.startsWith(`${basename(path)}.new-`))
  for (const name of unfinished) await rm(join(dirname(path), name), { force: true })
}

/** A rename lasts only once its folder is synced. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
