import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Lsn, parseLsn } from '@banyan/postgres'
import { readControlFile } from '../control-file.ts'
import { dataDirectoryOf } from '../placement.ts'
import { shutdownRecord } from './stop-for-heir.ts'

/**
 * Whether an old primary, which does not run, can follow the new one as it is: it was shut down, and the
 * new one has its last record. Both are read from the disk. Whoever crashed may have written what nobody
 * else has, and is made anew.
 *
 * @example await canFollow('/srv/notes/.banyan/nodes/db-1', '/srv/notes/.banyan/nodes/db-3')
 */
export async function canFollow(
  oldNodeDirectory: string,
  newNodeDirectory: string,
): Promise<boolean> {
  const old = await dataDirectoryOf(oldNodeDirectory)
  const control = await readControlFile(old)
  if (control?.state === 'shut down in recovery') return true
  const last = await shutdownRecord(old)
  if (control === null || last === null) return false
  const left = await leftAt(await dataDirectoryOf(newNodeDirectory), control.timeline)
  return left !== null && left > last
}

/** Where a server left a timeline behind it, by the history of the one that it writes. */
async function leftAt(dataDirectory: string, timeline: number): Promise<Lsn | null> {
  const folder = join(dataDirectory, 'pg_wal')
  const histories = (await readdir(folder)).filter((name) => name.endsWith('.history')).sort()
  const newest = histories.at(-1)
  if (newest === undefined) return null
  return parseHistory(await readFile(join(folder, newest), 'utf8')).get(timeline) ?? null
}

/** Lines of a history: a timeline, where it was left, and why. */
export function parseHistory(text: string): Map<number, Lsn> {
  const rows = text
    .split('\n')
    .map((line) => /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line))
    .filter((row) => row !== null)
  return new Map(rows.map(([, timeline, lsn]) => [Number(timeline), parseLsn(lsn ?? '')]))
}
