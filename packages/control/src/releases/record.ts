import { join } from 'node:path'
import type { ReleaseState } from '../api/types.ts'
import { brokenFile, readJson, writeJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'

/** One version of the app's code and its migrations. */
export type ReleaseRecord = {
  /** `r1`, `r2`, …; a name is never given twice. */
  readonly name: string
  /** The digest of its snapshot; null once that was pruned. */
  readonly snapshot: string | null
  readonly at: string
  readonly state: ReleaseState
  /** Why it was undone, or failed. */
  readonly reason: string | null
}

/** `releases.json`: every release that was asked for, and the one that restarts run. */
export type ReleasesRecord = {
  readonly format: 1
  readonly live: string | null
  /** The release whose first share of the requests was found no worse. */
  readonly tried: string | null
  /** The release whose contract migrations are applied. */
  readonly contracted: string | null
  /** Oldest first. */
  readonly releases: readonly ReleaseRecord[]
}

const nothingYet: ReleasesRecord = {
  format: 1,
  live: null,
  tried: null,
  contracted: null,
  releases: [],
}

export async function readReleases(paths: StatePaths): Promise<ReleasesRecord> {
  const path = pathOf(paths)
  const found = await readJson<Partial<ReleasesRecord>>(path)
  if (found === null) return nothingYet
  const { format, live, releases } = found
  const isWhole =
    format === 1 &&
    Array.isArray(releases) &&
    releases.every((one) => typeof one?.name === 'string' && typeof one?.state === 'string') &&
    (live === null || releases.some(({ name }) => name === live))
  if (isWhole) return { ...nothingYet, ...(found as ReleasesRecord) }
  throw brokenFile(path, 'is not the record of releases, or not one of this version')
}

export async function writeReleases(paths: StatePaths, record: ReleasesRecord): Promise<void> {
  // Why one was undone has the last lines of a log in it, which is nobody else's business either.
  await writeJson(pathOf(paths), record, 0o600)
}

/** The record with a new release behind the others, and its name. */
export function withRelease(
  record: ReleasesRecord,
  snapshot: string,
  at: string,
): { readonly record: ReleasesRecord; readonly name: string } {
  const numbers = record.releases.map(({ name }) => Number.parseInt(name.slice(1), 10))
  const name = `r${Math.max(0, ...numbers) + 1}`
  const release: ReleaseRecord = { name, snapshot, at, state: 'pending', reason: null }
  return { record: { ...record, releases: [...record.releases, release] }, name }
}

/** Writes down a release that nothing runs yet; one that was on its way before it never came to its end. */
export async function beginRelease(paths: StatePaths, snapshot: string): Promise<string> {
  const before = await readReleases(paths)
  const given = before.releases.reduce(
    (record, { name, state }) =>
      state === 'pending'
        ? withState(record, name, { state: 'failed', reason: 'Another one was asked for.' })
        : record,
    before,
  )
  const { record, name } = withRelease(given, snapshot, new Date().toISOString())
  await writeReleases(paths, record)
  return name
}

/** The release as another one than before. */
export function withState(
  record: ReleasesRecord,
  name: string,
  changed: Partial<Omit<ReleaseRecord, 'name'>>,
): ReleasesRecord {
  const releases = record.releases.map((one) => (one.name === name ? { ...one, ...changed } : one))
  return { ...record, releases }
}

/** From now on `up` and every restart run this one. */
export function withLive(record: ReleasesRecord, name: string): ReleasesRecord {
  const releases = record.releases.map((one) => {
    if (one.name === name) return { ...one, state: 'live' as const, reason: null }
    return one.state === 'live' ? { ...one, state: 'replaced' as const } : one
  })
  return { ...record, live: name, releases }
}

/** The release that an undo leads to: the last one before the live one that was live itself. */
export function releaseBefore({ live, releases }: ReleasesRecord): ReleaseRecord | null {
  const index = releases.findIndex(({ name }) => name === live)
  if (index < 0) return null
  return (
    releases
      .slice(0, index)
      .findLast(({ state, snapshot }) => state === 'replaced' && snapshot !== null) ?? null
  )
}

const pathOf = (paths: StatePaths): string => join(paths.directory, 'releases.json')
