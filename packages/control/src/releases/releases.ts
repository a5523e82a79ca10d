import type { System } from '@banyan/model'
import type { ReleaseList, ReleaseState } from '../api/types.ts'
import { withUrlOf } from '../config/with-url-of.ts'
import { exists, writeJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import {
  type ReleasesRecord,
  readReleases,
  releaseBefore,
  withLive,
  withRelease,
  withState,
  writeReleases,
} from './record.ts'
import { pruneSnapshots } from './snapshot/prune.ts'
import { readSnapshot } from './snapshot/read.ts'
import type { Snapshot } from './snapshot/types.ts'

/** A release that can be run: its code, and the system as its config said. */
export type Release = {
  readonly name: string
  readonly snapshot: Snapshot
}

/** Kept besides what runs, is live, or is on its way: to be gone back to, and to be looked at. */
const keptMax = 5

/** Between the copy of a snapshot and the question to bring it live. */
const spareMs = 60_000

/** The releases of a system, as they are recorded, with the snapshots of those that are in use. */
export class Releases {
  readonly #paths: StatePaths
  #record: ReleasesRecord
  readonly #loaded = new Map<string, Release>()
  readonly #built = new Set<string>()

  private constructor(paths: StatePaths, record: ReleasesRecord) {
    this.#paths = paths
    this.#record = record
  }

  /** Reads the record, and the snapshots that may be needed at once: the live one and those on their way. */
  static async open(paths: StatePaths): Promise<Releases> {
    const releases = new Releases(paths, await readReleases(paths))
    const { live } = releases
    for (const { name, state } of releases.#record.releases) {
      // Whoever leads to one that cannot be read is told then; another one is to go on.
      if (name === live || state === 'pending') await releases.load(name).catch(() => null)
    }
    return releases
  }

  get live(): string | null {
    return this.#record.live
  }

  get tried(): string | null {
    return this.#record.tried
  }

  get contracted(): string | null {
    return this.#record.contracted
  }

  /** Those whose `build:` was run. */
  get built(): readonly string[] {
    return [...this.#built]
  }

  /** The release that an undo leads to. */
  get before(): string | null {
    return releaseBefore(this.#record)?.name ?? null
  }

  /** The snapshot that the live release runs. */
  get liveSnapshot(): string | null {
    return this.#record.releases.find(({ name }) => name === this.live)?.snapshot ?? null
  }

  /** The last release that was asked for and never got its end. */
  get pending(): string | null {
    return this.#record.releases.findLast(({ state }) => state === 'pending')?.name ?? null
  }

  isPending(name: string): boolean {
    return this.#record.releases.some((one) => one.name === name && one.state === 'pending')
  }

  /** A release that was loaded; null for one that is not known, or whose snapshot is gone. */
  find(name: string | null): Release | null {
    return name === null ? null : (this.#loaded.get(name) ?? null)
  }

  get(name: string): Release {
    const release = this.#loaded.get(name)
    if (release === undefined) throw new Error(`the release ${name} was not loaded`)
    return release
  }

  /** Reads the snapshot of a release; null for one that is not recorded, or whose snapshot was pruned. */
  async load(name: string): Promise<Release | null> {
    const known = this.#loaded.get(name)
    if (known !== undefined) return known
    const digest = this.#record.releases.find((one) => one.name === name)?.snapshot ?? null
    if (digest === null) return null
    const snapshot = await readSnapshot(this.#paths, digest)
    const release = { name, snapshot }
    this.#loaded.set(name, release)
    if (await exists(snapshot.builtPath)) this.#built.add(name)
    return release
  }

  /** The system of a snapshot that is no release yet. */
  async systemOf(digest: string): Promise<System> {
    return (await readSnapshot(this.#paths, digest)).system
  }

  /** Writes down that a release was asked for, and gives its name. */
  async begin(digest: string): Promise<Release> {
    const snapshot = await readSnapshot(this.#paths, digest)
    const { record, name } = withRelease(this.#record, digest, new Date().toISOString())
    await this.#write(record)
    const release = { name, snapshot }
    this.#loaded.set(name, release)
    if (await exists(snapshot.builtPath)) this.#built.add(name)
    return release
  }

  async markBuilt(name: string): Promise<void> {
    await writeJson(this.get(name).snapshot.builtPath, { builtAt: new Date().toISOString() })
    this.#built.add(name)
  }

  async markTried(name: string): Promise<void> {
    await this.#write({ ...this.#record, tried: name })
  }

  async markLive(name: string): Promise<void> {
    await this.#write(withLive(this.#record, name))
  }

  async markContracted(name: string): Promise<void> {
    await this.#write({ ...this.#record, contracted: name })
  }

  /** How it ended for a release that did not become live, or no longer is. */
  async markEnded(name: string, state: ReleaseState, reason: string | null): Promise<void> {
    await this.#write(withState(this.#record, name, { state, reason }))
  }

  /** Those that were asked for, and whose control died before anything was begun, are on no way any more. */
  async giveUpPending(): Promise<void> {
    for (const { name, state } of this.#record.releases) {
      if (state === 'pending') await this.markEnded(name, 'failed', 'Control died before it began.')
    }
  }

  /** Deletes the snapshots that nobody goes back to; `used` are the releases that nodes run. */
  async prune(used: readonly string[]): Promise<void> {
    const { releases } = this.#record
    const recent = releases.slice(-keptMax).map(({ name }) => name)
    const kept = new Set([...recent, ...used, this.live, this.before])
    const keeps = releases.filter(({ name, state }) => kept.has(name) || state === 'pending')
    const digests = new Set(keeps.flatMap(({ snapshot }) => snapshot ?? []))
    const gone = releases.filter(({ snapshot }) => snapshot !== null && !digests.has(snapshot))
    // What is said to be gone need not be; what is said to be there has to.
    if (gone.length > 0) {
      await this.#write(
        gone.reduce(
          (record, { name }) => withState(record, name, { snapshot: null }),
          this.#record,
        ),
      )
      for (const { name } of gone) this.#loaded.delete(name)
    }
    await pruneSnapshots(this.#paths, [...digests], { spareMs })
  }

  list(): ReleaseList {
    return listOf(this.#record)
  }

  async #write(record: ReleasesRecord): Promise<void> {
    await writeReleases(this.#paths, record)
    this.#record = record
  }
}

/** The releases that nodes run, or are kept at. */
export function releasesThatRun(context: {
  readonly release: string
  readonly keepers: { readonly all: readonly { readonly driver: { readonly release?: string } }[] }
}): readonly string[] {
  return [context.release, ...context.keepers.all.flatMap(({ driver }) => driver.release ?? [])]
}

/** Newest first, as people look for them. */
export function listOf(record: ReleasesRecord): ReleaseList {
  const undo = releaseBefore(record)?.name ?? null
  return { live: record.live, undo, releases: [...record.releases].reverse() }
}

/** The same while no control runs. */
export async function releasesOffline(paths: StatePaths): Promise<ReleaseList> {
  return listOf(await readReleases(paths))
}

/** What stands for the code in place, which `dev` runs and which has no snapshot. */
export const inPlace = 'dev'

/** The system of a release, or null for one that is not known any more. */
export function systemOfRelease(
  context: Known & { readonly system: System; readonly release: string },
  name: string | null,
): System | null {
  // The one that the climb leads to may be the code in place.
  if (name === context.release) return context.system
  const found = context.releases.find(name)
  return found && systemFrom(context, found)
}

type Known = { readonly releases: Releases; readonly reached?: System }

/** The address of an adopted database changes for all releases, but for one that is to prove its own. */
export function systemFrom({ releases, reached }: Known, { name, snapshot }: Release): System {
  const { system } = snapshot
  return reached === undefined || releases.isPending(name) ? system : withUrlOf(system, reached)
}

/**
 * The system of another release that runs, or that is live and may be gone back to: what is done to
 * the data must leave it what it needs. Null where there is no other.
 */
export function systemAlongside(context: {
  readonly releases: Releases
  readonly reached?: System
  readonly system: System
  readonly release: string
  readonly keepers: { readonly all: readonly { readonly driver: { readonly release?: string } }[] }
}): System | null {
  const { releases, release, keepers } = context
  if (release === inPlace) return null
  const running = keepers.all.map(({ driver }) => driver.release ?? null)
  const other = [...running, releases.live].find((name) => name !== null && name !== release)
  return systemOfRelease(context, other ?? null)
}
