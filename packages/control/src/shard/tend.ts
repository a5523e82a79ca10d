import type { MemberAction } from './action.ts'
import { desiredList } from './confirm-list.ts'
import { whyFence } from './decide-fence.ts'
import { heirFrozenMs, whyEndHeir } from './finish-promotion.ts'
import type { MemberPlace } from './member.ts'
import { isRequired } from './settings.ts'
import { frozenMs, isOpen, leaderOf, type MemberView, memberNamed, type ShardView } from './view.ts'

/** A replica that runs and says nothing for so long is started again. */
const silentReplicaMs = 15_000
/** It is told again to follow after so long: the server it is to follow may have had no slot for it yet. */
const tellAgainMs = 5_000
/** One that gets nothing for so long from a primary that answers has forked off, or misses what is gone. */
const hopelessMs = 20_000

/** What is done about those who are not the leader, and about a leader that hangs in the middle of something. */
export function tendMembers(view: ShardView): MemberAction[] {
  const leader = memberNamed(view, leaderOf(view.record))
  if (leader === null) return []
  const others = view.members.filter(({ name }) => name !== leader.name)
  return [...endHung(view, leader), ...others.flatMap((member) => tend(view, leader, member))]
}

/** While something is done to the leader that waits for it for ever: ending it ends the waiting. */
function endHung(view: ShardView, leader: MemberView): MemberAction[] {
  if (view.main === null || view.main.kind === 'switch-over' || view.main.kind === 'fence')
    return []
  if (leader.busy !== null || leader.life === 'dead') return []
  const heir = view.record.promotion?.decided === true
  const why = heir ? whyEndHeir(leader) : whyFence(view, leader)
  return why === null ? [] : [{ kind: 'fence', name: leader.name, sentence: why }]
}

function tend(view: ShardView, leader: MemberView, member: MemberView): MemberAction[] {
  if (member.busy !== null || isSpokenFor(view, leader, member.name)) return []
  const action = tendOne(view, leader, member)
  return action === null ? [] : [action]
}

/** In a promotion the old primary stays dead until the new one is open, and a switchover sees to both itself. */
function isSpokenFor({ record }: ShardView, leader: MemberView, name: string): boolean {
  const { promotion } = record
  if (promotion === null) return false
  if (!promotion.decided) return name === promotion.to || name === promotion.from
  return name === promotion.from && !isOpen(leader)
}

function tendOne(view: ShardView, leader: MemberView, member: MemberView): MemberAction | null {
  const { name, life } = member
  if (life === 'dead') return raise(view, leader, member)
  if (life === 'orphaned') return fence(name, `${name} has died and left processes; end them.`)
  if (life === 'frozen') return tendFrozen(view, member)
  if (view.record.remake.includes(name)) return fence(name, `${name} is made anew; end it first.`)
  return tendRunning(leader, member)
}

const fence = (name: string, sentence: string): MemberAction => ({ kind: 'fence', name, sentence })

function raise(view: ShardView, leader: MemberView, member: MemberView): MemberAction | null {
  const { name, pauseMs } = member
  if (pauseMs > 0) return null
  const of = leader.place
  if (!view.record.remake.includes(name)) {
    return { kind: 'start', name, of, sentence: `Start ${name}, which follows ${of.name}.` }
  }
  if (!isOpen(leader) || isBeginning(view) || !mayRemake(view, name)) return null
  return { kind: 'rebuild', name, of, sentence: `Make ${name} anew from ${of.name}.` }
}

/**
 * A new reign begins with commits that somebody else confirms: while there is anybody who can, a copy would only
 * take the disk and the processor from them.
 */
function isBeginning(view: ShardView): boolean {
  if (view.record.promotion?.decided !== true) return false
  const confirming = desiredList(view)
  return confirming.kind === 'nobody' || confirming.names.length >= confirming.quorum
}

/**
 * Its copy is deleted only when no election has to hear from it; or when it cannot leave, since there is
 * nobody else who could confirm: then commits wait, and no election is possible without it anyway.
 */
function mayRemake({ record }: ShardView, name: string): boolean {
  return !record.confirming.includes(name) || record.confirming.length <= record.quorum
}

/** A replica that stands still is left alone, unless commits wait for it. */
function tendFrozen(view: ShardView, { name, lifeForMs }: MemberView): MemberAction | null {
  const { confirming, quorum } = view.record
  const needed =
    isRequired(view.settings) && confirming.includes(name) && confirming.length <= quorum
  if (!needed || lifeForMs < Math.max(frozenMs, heirFrozenMs)) return null
  return fence(name, `${name} stands still, and commits wait for it; end it and start it again.`)
}

function tendRunning(leader: MemberView, member: MemberView): MemberAction | null {
  const { name, answer, silentForMs } = member
  if (answer === null) {
    return silentForMs < silentReplicaMs
      ? null
      : fence(name, `${name} gives no answer; end it and start it again.`)
  }
  if (!answer.inRecovery) {
    return disbelieve(
      name,
      `${name} takes writes, and ${leader.name} is the primary; it is ended and made anew.`,
    )
  }
  if (!isOpen(leader)) return null
  if (answer.broken !== null) {
    return disbelieve(
      name,
      `${name} cannot follow ${leader.name} (${answer.broken}); it is made anew.`,
    )
  }
  return lead(leader.place, member)
}

const disbelieve = (name: string, sentence: string): MemberAction => ({
  kind: 'disbelieve',
  name,
  sentence,
})

function lead(
  of: MemberPlace,
  { name, answer, toldForMs, awayForMs }: MemberView,
): MemberAction | null {
  const { follows = null, complete = false } = answer ?? {}
  if (follows?.host === of.host && follows.port === of.port) return null
  if (complete && awayForMs >= hopelessMs && toldForMs !== null && toldForMs >= tellAgainMs) {
    return disbelieve(
      name,
      `${name} has got nothing from ${of.name} for too long; it is made anew.`,
    )
  }
  if (toldForMs !== null && toldForMs < tellAgainMs) return null
  return { kind: 'follow', name, of, sentence: `${name} follows ${of.name} from now on.` }
}
