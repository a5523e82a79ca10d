import type { MainAction } from './action.ts'
import type { Vain } from './attempts.ts'
import type { Confirming, Life, MemberAnswer, MemberPlace } from './member.ts'
import type { ShardRecord } from './record.ts'
import type { ShardSettings } from './settings.ts'

/** What is being done to a member now, beside the main matter. */
export type JobKind = 'start' | 'fence' | 'follow' | 'unprepare' | 'rebuild'

/** One member, as it was seen in this round. */
export type MemberView = {
  readonly name: string
  readonly place: MemberPlace
  readonly life: Life
  /** How long it has been so. */
  readonly lifeForMs: number
  /** Of this round, and asked for after every member had been looked at. */
  readonly answer: MemberAnswer | null
  /** Since the first of the questions in a row that it did not answer; 0 when it answers. */
  readonly silentForMs: number
  /** How many these were. */
  readonly unanswered: number
  /** How long the primary, which answers, has not said that this one streams; 0 when it streams. */
  readonly awayForMs: number
  readonly busy: JobKind | null
  /** Until what failed is tried again; 0 for now. */
  readonly pauseMs: number
  /** How long ago it was told to follow the leader of now; null when it was not. */
  readonly toldForMs: number | null
  /** Its starts that came to nothing, in a row; null where there were none. */
  readonly vain: Vain | null
  /** Until its copy may be made anew again, since the last one was of no use; 0 for now. */
  readonly copyPauseMs: number
}

/** What commits wait for at the primary, and a position of it from after that began. */
export type InForce = { readonly confirming: Confirming; readonly sinceLsn: bigint | null }

/** What the shard's one main matter is at the moment: what is done to the primary, or to who becomes it. */
export type MainKind = MainAction['kind'] | 'switch-over'

/** Everything that {@link decide} judges by: level-based, nothing is remembered elsewhere. */
export type ShardView = {
  readonly record: ShardRecord
  readonly settings: ShardSettings
  readonly members: readonly MemberView[]
  /** What is being done to the leader, or was when the look began. */
  readonly main: { readonly kind: MainKind } | null
  /** Who was ended, and proven dead, by this control, and was not started since. */
  readonly fenced: ReadonlySet<string>
  readonly inForce: InForce | null
  /** The last term that this control has seen through to the quorum, at the leader of now. */
  readonly termWritten: number | null
  /** How long ago the leader was last seen open; 0 while it is. */
  readonly downForMs: number
  /** How long the next failover waits, counted from the end of the primary, since the last ones did not last. */
  readonly dampMs: number
}

export const memberNamed = (view: ShardView, name: string | null): MemberView | null =>
  view.members.find((member) => member.name === name) ?? null

/** The server that is to take writes and to be followed: the primary, or who is becoming it. */
export const leaderOf = ({ primary, promotion }: ShardRecord): string | null =>
  promotion?.decided === true ? promotion.to : primary

/** Whether a server takes writes now, as it says itself. */
export const isOpen = (
  member: MemberView | null,
): member is MemberView & { answer: MemberAnswer } =>
  member?.life === 'running' && member.answer?.inRecovery === false

/** A member that stands still for so long was not merely stopped for a moment by somebody who looks at it. */
export const frozenMs = 300

/** Silence of a running replica for so long means that nobody can count on its answer in an election. */
export const silentMs = 3_000

/** A replica that does not stream for so long, while its primary answers, confirms nothing. */
export const awayMs = 2_000

/** Whether a replica is in no state to confirm: it would block commits, or an election. */
export function isLost(view: ShardView, name: string): boolean {
  const member = memberNamed(view, name)
  if (member === null || !view.record.wanted.includes(name)) return true
  if (view.record.remake.includes(name) || member.answer?.broken != null) return true
  if (member.life === 'dead' || member.life === 'orphaned') return true
  if (member.life === 'frozen') return member.lifeForMs >= frozenMs
  return member.silentForMs >= silentMs || member.awayForMs >= awayMs
}
