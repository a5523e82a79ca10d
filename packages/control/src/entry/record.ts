import { join } from 'node:path'
import type { Service } from '@banyan/model'
import { brokenFile, readJson, writeJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'

/** `entry.json`: what the entry was told last, so that the next control tells it nothing else. */
export type EntryRecord = {
  readonly format: 1
  /** Of the list of servers that the gateways have; grows with each change. */
  readonly version: number
  /** The service nodes that requests are sent to. */
  readonly admitted: readonly string[]
  /** Of those, the ones that get only so much of the requests of their service, in percent. Absent: none. */
  readonly shares?: Readonly<Record<string, number>>
  /** Services that listen on a port alone, with the command that was seen to do so. */
  readonly plain: Readonly<Record<string, string>>
}

const nothingYet: EntryRecord = { format: 1, version: 0, admitted: [], plain: {} }

export async function readEntryRecord(paths: StatePaths): Promise<EntryRecord> {
  const path = pathOf(paths)
  const found = await readJson<Partial<EntryRecord>>(path)
  if (found === null) return nothingYet
  const { format, version, admitted, plain } = found
  const isOurs = format === 1 && typeof version === 'number' && Array.isArray(admitted)
  if (isOurs && typeof plain === 'object' && plain !== null) return found as EntryRecord
  throw brokenFile(path, 'is not the record of an entry, or not one of this version')
}

export async function writeEntryRecord(paths: StatePaths, record: EntryRecord): Promise<void> {
  await writeJson(pathOf(paths), record)
}

/** The services that are known to take no passed socket; another command may be another program. */
export function plainServices({ plain }: EntryRecord, services: readonly Service[]): string[] {
  return services
    .filter(({ name, run }) => plain[name] !== undefined && plain[name] === commandOf(run))
    .map(({ name }) => name)
}

export function withPlain(record: EntryRecord, { name, run }: Service): EntryRecord {
  return { ...record, plain: { ...record.plain, [name]: commandOf(run) } }
}

const commandOf = (run: readonly string[]): string => run.join(' ')

const pathOf = (paths: StatePaths): string => join(paths.directory, 'entry.json')
