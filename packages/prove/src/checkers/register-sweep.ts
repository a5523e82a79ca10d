import type { RegisterOperation, RegisterRead, RegisterWrite } from '../history/operation.ts'
import {
  lastMomentOf,
  type RegisterHistory,
  type Version,
  versionSeen,
} from './register-versions.ts'
import { completionOf } from './times.ts'

/** A read that no order of the operations before it explains. */
export type RegisterFinding =
  | { readonly kind: 'phantom'; readonly read: RegisterRead; readonly write: RegisterWrite | null }
  | {
      readonly kind: 'overwritten'
      readonly read: RegisterRead
      readonly shown: Version
      readonly newer: Version
    }

type Event = {
  readonly atMs: number
  readonly isEnd: boolean
  readonly operation: RegisterOperation
}

/**
 * Finds the reads that make a register's history impossible, in one sweep over time.
 *
 * After Gibbons and Korach, "Testing shared memories" (SIAM J. Comput. 26, 1997): the operations of
 * one value, its write and its reads, form a cluster with a zone between its earliest end f and its
 * latest beginning s. One value is before another when f of the one lies before s of the other; the
 * history is linearizable exactly when no two values are both before and after each other. The sweep
 * adds operations in the order of their beginnings and blames the first read that would close such a
 * pair, then goes on without it. Everything that is compared has begun before that read, so nothing
 * that comes later can excuse it.
 *
 * A value that was written more than once is judged by a weaker rule that holds for any of its
 * writes; `mayBeRight` searches where that leaves a doubt.
 */
export function sweepRegister(history: RegisterHistory): readonly RegisterFinding[] {
  const findings: RegisterFinding[] = []
  const blamed = new Set<RegisterOperation>()
  const newest = new Newest()
  for (const { operation, isEnd } of eventsOf(history.operations)) {
    if (blamed.has(operation)) continue
    const version = versionFor(history, operation)
    const finding = isEnd || operation.f === 'write' ? null : judge(history, operation, newest)
    if (finding) {
      findings.push(finding)
      blamed.add(operation)
    } else if (version) {
      ;(isEnd ? learn : need)(version, operation)
      newest.offer(version)
    }
  }
  return findings
}

/** Beginnings before ends at the same time: with equal times neither operation is before the other. */
function eventsOf(operations: readonly RegisterOperation[]): readonly Event[] {
  const events: Event[] = []
  for (const operation of operations) {
    events.push({ atMs: operation.invokedMs, isEnd: false, operation })
    const end = completionOf(operation)
    if (end !== Number.POSITIVE_INFINITY) events.push({ atMs: end, isEnd: true, operation })
  }
  return events.sort((a, b) => a.atMs - b.atMs || Number(a.isEnd) - Number(b.isEnd))
}

/** A write stands for its own version; a read only where just one write made what it shows. */
function versionFor(history: RegisterHistory, operation: RegisterOperation): Version | undefined {
  if (operation.f === 'write') return history.versionOf.get(operation)
  const version = history.versions.get(operation.value)?.all[0]
  return version?.shared ? undefined : version
}

function judge(
  history: RegisterHistory,
  read: RegisterRead,
  newest: Newest,
): RegisterFinding | null {
  const versions = history.versions.get(read.value)
  const shown = versions && versionSeen(versions, read)
  if (!shown) {
    const write = versions?.all[0]?.write ?? history.refused.get(read.value) ?? null
    return { kind: 'phantom', read, write }
  }
  const newer = newest.otherThan(read.value)
  if (!newer || lastMomentOf(shown) >= newer.neededMs) return null
  return { kind: 'overwritten', read, shown, newer }
}

function need(version: Version, operation: RegisterOperation): void {
  if (operation.invokedMs < version.neededMs) return
  version.neededMs = operation.invokedMs
  version.neededBy = operation
}

function learn(version: Version, operation: RegisterOperation): void {
  if (completionOf(operation) >= version.knownMs) return
  version.knownMs = completionOf(operation)
  version.knownBy = operation
}

/** Of the versions known to be written, the one that was needed last, and the last of another value. */
class Newest {
  #first: Version | undefined
  #second: Version | undefined

  offer(version: Version): void {
    if (version.knownMs === Number.POSITIVE_INFINITY || version === this.#first) return
    if (!this.#first || version.neededMs > this.#first.neededMs) {
      if (this.#first && this.#first.value !== version.value) this.#second = this.#first
      this.#first = version
    } else if (version.value !== this.#first.value) {
      if (!this.#second || version.neededMs > this.#second.neededMs) this.#second = version
    }
  }

  otherThan(value: Version['value']): Version | undefined {
    return this.#first?.value === value ? this.#second : this.#first
  }
}
