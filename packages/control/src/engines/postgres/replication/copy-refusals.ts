import { dirname } from 'node:path'
import { BanyanError } from '@banyan/model'
import type { ClusterFacts } from '../cluster-state.ts'
import { freeMbOf, isDiskFull } from '../disk-space.ts'
import type { CopyOptions } from './copy.ts'

/** The WAL that is written while files are copied, and what a server needs to breathe. */
const reserveMb = 160

/** How much a copy of a cluster takes, in megabytes: its files, the WAL meanwhile, room to start. */
export const copyNeedsMb = (bytes: number): number =>
  Math.ceil((bytes * 1.1) / 1_048_576) + reserveMb

/** Refuses to begin where a copy would not fit. */
export async function checkSpaceForCopy(directory: string, bytes: number): Promise<void> {
  const freeMb = await freeMbOf(directory)
  const neededMb = copyNeedsMb(bytes)
  if (freeMb < neededMb) throw noRoom(directory, freeMb, neededMb)
}

function noRoom(directory: string, freeMb: number, neededMb: number, cause?: unknown): BanyanError {
  return new BanyanError(
    'BANYAN_DISK_FULL',
    `The disk of ${directory} has ${freeMb} MB free; a copy of the database needs ${neededMb} MB.`,
    {
      hint: 'Free some space there, then try again. What was copied has been removed.',
      details: { directory, freeMb, neededMb },
      cause,
    },
  )
}

/** A disk that became full meanwhile says so in its own words. */
export async function asCopyFailure(
  error: unknown,
  { nodeDirectory }: CopyOptions,
): Promise<unknown> {
  const code = String((error as NodeJS.ErrnoException | null)?.code ?? '')
  if (BanyanError.is(error) || !isDiskFull(code)) return error
  // It may have a disk of its own.
  const freeMb = await freeMbOf(nodeDirectory)
  return noRoom(nodeDirectory, freeMb, Math.max(freeMb + 1, reserveMb), error)
}

/** A replica reads the WAL of its primary, which is that of one major version. */
export function refuseOtherMajor(found: number | null, { binaries, from }: CopyOptions): void {
  if (found === binaries.major) return
  throw new BanyanError(
    'BANYAN_DATA_VERSION',
    `${from.place.name} is a cluster of PostgreSQL ${found ?? 'an unknown version'}; a copy with the binaries of PostgreSQL ${binaries.version} could not follow it.`,
    {
      hint: 'Give all members of the data tier the same major version (data.postgres).',
      details: { found, binaries: binaries.major },
    },
  )
}

/** What is there already has to be a copy of the same cluster. */
export function refuseOtherCopy(
  facts: ClusterFacts,
  expected: string | null,
  { from }: CopyOptions,
): void {
  if (facts.systemIdentifier === expected) return
  throw new BanyanError(
    'BANYAN_DATA_FOREIGN',
    `${facts.dataDirectory} holds the cluster ${facts.systemIdentifier}, which is no copy of ${from.place.name} (${expected}).`,
    {
      hint: `Move ${dirname(facts.dataDirectory)} away, or delete it if nothing in it is needed. Nothing was changed.`,
      details: { dataDirectory: facts.dataDirectory, found: facts.systemIdentifier, expected },
    },
  )
}
