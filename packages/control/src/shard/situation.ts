import { isOpen, type JobKind, leaderOf, memberNamed, type ShardView } from './view.ts'

/** A failover or a switchover, with the moments of it on the clock of control. */
export type TakeOver = {
  readonly from: string
  readonly to: string
  readonly reason: 'failover' | 'switchover' | 'accept-loss'
  /** When the old primary was first seen not to take writes. */
  readonly noticedMs: number
  /** When it was proven dead. */
  readonly fencedMs: number
  /** When the new one was out of recovery. */
  readonly promotedMs: number
  /** When the quorum had its term. */
  readonly writingMs: number
}

export type MemberSituation = {
  readonly name: string
  readonly role: 'primary' | 'replica'
  readonly life: 'running' | 'frozen' | 'orphaned' | 'dead'
  /** Whether commits may wait for it. */
  readonly confirms: boolean
  /** How much of the primary's WAL it has not replayed; null when one of both gives no answer. */
  readonly lagBytes: bigint | null
  /** What is being done about it. */
  readonly busy: JobKind | null
}

export type ShardSituation = {
  readonly primary: string | null
  readonly term: number
  /** Whether somebody takes writes now, as far as was seen. */
  readonly open: boolean
  /** What is being done, or why nothing can be. */
  readonly sentence: string
  /** Whether somebody has to do something about it. */
  readonly refuses: boolean
  readonly confirming: readonly string[]
  readonly members: readonly MemberSituation[]
  /** When it was noticed that nobody takes writes, or may not yet be told that they are done; null otherwise. */
  readonly closedSinceMs: number | null
  readonly last: TakeOver | null
}

export function membersOf(view: ShardView): MemberSituation[] {
  const leader = memberNamed(view, leaderOf(view.record))
  return view.members.map(({ name, life, answer, busy }) => ({
    name,
    role: name === leader?.name ? 'primary' : 'replica',
    life,
    confirms: view.record.confirming.includes(name),
    lagBytes: lagOf(isOpen(leader) ? leader.answer.walLsn : null, answer?.replayLsn ?? null),
    busy,
  }))
}

function lagOf(primary: bigint | null, own: bigint | null): bigint | null {
  if (primary === null || own === null) return null
  return own < primary ? primary - own : 0n
}
