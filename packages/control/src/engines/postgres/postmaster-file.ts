import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a server says of itself in `postmaster.pid`. */
export type PostmasterFile = { readonly pid: number; readonly status: string }

/** The file of the running server, or of one that died without removing it; null without one. */
export async function readPostmasterFile(dataDirectory: string): Promise<PostmasterFile | null> {
  const text = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => null)
  const lines = text?.split('\n') ?? []
  const pid = Number.parseInt(lines[0] ?? '', 10)
  // A lone process (`postgres --single`) writes its number negated.
  return Number.isInteger(pid) && pid > 0 ? { pid, status: lines[7]?.trim() ?? '' } : null
}
