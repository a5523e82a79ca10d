import type { Confirming } from './member.ts'
import type { ShardRecord } from './record.ts'
import { isRequired } from './settings.ts'
import { isLost, isOpen, leaderOf, memberNamed, type ShardView } from './view.ts'

/**
 * The order of things, so that `confirming` of the record is right at every moment:
 *
 * - What makes it *weaker* (another name, a smaller quorum, nobody) is written before the primary does it.
 * - What makes it *stronger* (a name less, a larger quorum, somebody at all) is written after the primary does
 *   it, and after so many of those who stay have everything that was written until then.
 *
 * An empty record stays empty until the second: while a commit may be on the primary alone, nobody else has it.
 */
export type ConfirmStep =
  | { readonly kind: 'record'; readonly confirming: readonly string[]; readonly quorum: number }
  | { readonly kind: 'confirm'; readonly confirming: Confirming }
  /** In force, and those who confirm have not caught up yet. */
  | { readonly kind: 'catch-up' }
  | { readonly kind: 'settled' }

const nobody: Confirming = { kind: 'nobody' }

/** Who is to confirm now. One that is lost leaves; one that streams comes. */
export function desiredList(view: ShardView): Confirming {
  const { record, settings } = view
  const able = ableToConfirm(view)
  if (!isRequired(settings)) {
    return able.length === 0 ? nobody : anyOf(able, Math.min(settings.quorum, able.length))
  }
  // With too few, those who have left stay: commits wait until one of them is back.
  if (able.length >= settings.quorum) return anyOf(able, settings.quorum)
  return anyOf([...new Set([...record.confirming, ...able])].sort(), settings.quorum)
}

/** Whether commits have to wait until somebody is there, or back, who can confirm them. */
export const isHeld = (view: ShardView): boolean =>
  isRequired(view.settings) && ableToConfirm(view).length < view.settings.quorum

function ableToConfirm(view: ShardView): readonly string[] {
  const { wanted } = view.record
  const leader = leaderOf(view.record)
  return wanted.filter((name) => name !== leader && canConfirm(view, name)).sort()
}

const anyOf = (names: readonly string[], quorum: number): Confirming => ({
  kind: 'any',
  quorum,
  names,
})

/** Who is on the list stays until it is lost; who is not comes when it streams. */
function canConfirm(view: ShardView, name: string): boolean {
  if (isLost(view, name)) return false
  if (listed(view).includes(name)) return true
  const leader = memberNamed(view, leaderOf(view.record))
  const member = memberNamed(view, name)
  if (!isOpen(leader) || member?.answer?.inRecovery !== true || member.busy !== null) return false
  return leader.answer.followers.some((one) => one.name === name && one.streaming)
}

const listed = ({ inForce, record }: ShardView): readonly string[] =>
  inForce?.confirming.kind === 'any' ? inForce.confirming.names : record.confirming

/** The next step towards the list that is wanted, of a primary that takes writes. */
export function confirmStep(view: ShardView): ConfirmStep {
  const desired = desiredList(view)
  const { record, inForce } = view
  if (inForce === null || !isSame(inForce.confirming, desired)) {
    const before = weakened(record, desired)
    return isRecorded(record, before) ? { kind: 'confirm', confirming: desired } : before
  }
  const after = recordedAs(record, desired)
  if (isRecorded(record, after)) return { kind: 'settled' }
  return haveCaughtUp(view) ? after : { kind: 'catch-up' }
}

type RecordStep = Extract<ConfirmStep, { kind: 'record' }>

/** What has to be on record before the primary may wait for these. */
function weakened({ confirming, quorum }: ShardRecord, desired: Confirming): RecordStep {
  if (desired.kind === 'nobody' || confirming.length === 0) {
    return { kind: 'record', confirming: [], quorum }
  }
  const names = [...new Set([...confirming, ...desired.names])].sort()
  return { kind: 'record', confirming: names, quorum: Math.min(quorum, desired.quorum) }
}

function recordedAs({ quorum }: ShardRecord, desired: Confirming): RecordStep {
  if (desired.kind === 'nobody') return { kind: 'record', confirming: [], quorum }
  // Fewer than the quorum never confirm anything: nothing gets stronger by them.
  const { names } = desired
  return { kind: 'record', confirming: names, quorum: desired.quorum }
}

const isRecorded = (record: ShardRecord, step: RecordStep): boolean =>
  record.quorum === step.quorum && sameNames(record.confirming, step.confirming)

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name))

/**
 * Whether a quorum of those in force has what was written before they were; and whether each of them is known to
 * follow this primary. One that has forked off can have the greatest position of all, of another history.
 */
function haveCaughtUp(view: ShardView): boolean {
  const leader = memberNamed(view, leaderOf(view.record))
  const { inForce, record } = view
  if (!isOpen(leader) || inForce === null || inForce.sinceLsn === null) return false
  const { confirming, sinceLsn } = inForce
  if (confirming.kind === 'nobody') return true
  const { followers } = leader.answer
  const there = followers.filter(
    ({ name, flushLsn }) => confirming.names.includes(name) && flushLsn >= sinceLsn,
  )
  const known = [...record.confirming, ...followers.map(({ name }) => name)]
  return there.length >= confirming.quorum && confirming.names.every((name) => known.includes(name))
}

export function isSame(a: Confirming, b: Confirming): boolean {
  if (a.kind === 'nobody' || b.kind === 'nobody') return a.kind === b.kind
  return a.quorum === b.quorum && sameNames(a.names, b.names)
}

/** What a member that is started as the primary waits for: exactly what is on record of it. */
export function listForStart(view: ShardView): Confirming {
  const { confirming, quorum } = view.record
  if (confirming.length > 0) return anyOf(confirming, quorum)
  return isRequired(view.settings) ? anyOf([], view.settings.quorum) : nobody
}

/** What a member that is promoted waits for: those who can follow it at once. */
export function listForPromotion(view: ShardView, to: string): Confirming {
  const { record, settings } = view
  const from = record.promotion?.from
  const able = view.members
    .filter(({ name, life }) => name !== to && name !== from && life === 'running')
    .filter(({ name, answer }) => answer?.inRecovery === true && !isLost(view, name))
    .map(({ name }) => name)
    .sort()
  if (isRequired(settings)) return anyOf(able, settings.quorum)
  return able.length === 0 ? nobody : anyOf(able, Math.min(settings.quorum, able.length))
}
