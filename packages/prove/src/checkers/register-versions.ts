import type { RegisterOperation, RegisterRead, RegisterWrite, Value } from '../history/operation.ts'
import { completionOf } from './times.ts'

/** What is known at one moment of the sweep about the value that one write made. */
export type Version = {
  readonly value: Value | null
  /** `null`: it was so before the first write. */
  readonly write: RegisterWrite | null
  /** A value that several writes made says nothing about which of them was read. */
  readonly shared: boolean
  /** The earliest completion of an operation that proves that it was written. */
  knownMs: number
  knownBy: RegisterOperation | null
  /** The latest invocation of an operation that needs it to be there. */
  neededMs: number
  neededBy: RegisterOperation | null
}

/** The versions of one value as their writes began, and of each and those before it the one that ended last. */
export type Versions = { readonly all: readonly Version[]; readonly best: readonly Version[] }

/** The writes and reads of one register, with what was refused left out. */
export type RegisterHistory = {
  readonly operations: readonly RegisterOperation[]
  readonly versions: ReadonlyMap<Value | null, Versions>
  readonly versionOf: ReadonlyMap<RegisterOperation, Version>
  readonly refused: ReadonlyMap<Value | null, RegisterWrite>
}

/** Sorts the operations of one register by what they say about its values. */
export function registerHistory(operations: readonly RegisterOperation[]): RegisterHistory {
  const writes = operations.filter(
    (operation): operation is RegisterWrite => operation.f === 'write',
  )
  const done = writes.filter(({ outcome }) => outcome !== 'fail')
  const refused = writes.filter(({ outcome }) => outcome === 'fail')
  const versions = versionsOf(done)
  return {
    operations: operations.filter((operation) =>
      operation.f === 'write' ? operation.outcome !== 'fail' : operation.outcome === 'ok',
    ),
    versions,
    versionOf: new Map(
      [...versions.values()].flatMap(({ all }) =>
        all.flatMap((version) => (version.write ? [[version.write, version] as const] : [])),
      ),
    ),
    refused: new Map(refused.map((write) => [write.value, write])),
  }
}

/** One version for each write, and one for the nothing that there was before. */
function versionsOf(writes: readonly RegisterWrite[]): Map<Value | null, Versions> {
  const groups = Map.groupBy(writes, ({ value }) => value)
  const before = versionOf(null, null, groups.has(null))
  before.knownMs = Number.NEGATIVE_INFINITY
  const versions = new Map<Value | null, Versions>([[null, withBest([before])]])
  for (const [value, made] of groups) {
    const all = made.map((write) => versionOf(value, write, made.length > 1 || value === null))
    versions.set(value, withBest(value === null ? [before, ...all] : all))
  }
  return versions
}

function withBest(all: readonly Version[]): Versions {
  const best: Version[] = []
  for (const version of all) {
    const last = best.at(-1)
    best.push(last && endOf(last) > endOf(version) ? last : version)
  }
  return { all, best }
}

const endOf = ({ write }: Version): number =>
  write ? completionOf(write) : Number.NEGATIVE_INFINITY

const versionOf = (value: Value | null, write: RegisterWrite | null, shared: boolean): Version => ({
  value,
  write,
  shared,
  knownMs: Number.POSITIVE_INFINITY,
  knownBy: null,
  neededMs: Number.NEGATIVE_INFINITY,
  neededBy: null,
})

/** The latest moment at which a read of this value may have begun for all that is known of it. */
export const lastMomentOf = (version: Version): number =>
  version.shared ? endOf(version) : version.knownMs

/** Of the versions of a value that were begun before a read was over, the one that it most likely saw. */
export function versionSeen({ all, best }: Versions, read: RegisterRead): Version | undefined {
  const overMs = completionOf(read)
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((all[middle]?.write?.invokedMs ?? Number.NEGATIVE_INFINITY) <= overMs) low = middle + 1
    else high = middle
  }
  return best[low - 1]
}
