import type { MemberAction } from './action.ts'
import { isHopeless } from './attempts.ts'
import { isHeld } from './confirm-list.ts'
import { whyFence } from './decide-fence.ts'
import { heirFrozenMs, whyEndHeir } from './finish-promotion.ts'
import type { MemberPlace } from './member.ts'
import { isRequired } from './settings.ts'
import {
  frozenMs,
  isLost,
  isOpen,
  leaderOf,
  type MemberView,
  memberNamed,
  type ShardView,
} from './view.ts'

/** A replica that runs and says nothing for so long is started again. */
const silentReplicaMs = 15_000
/** It is told again to follow after so long: the server it is to follow may have had no slot for it yet. */
const tellAgainMs = 5_000
/** A reign that begins has its first commits by then. */
const firstCommitsMs = 1_000
/** One that gets nothing for so long from a primary that answers has forked off, or misses what is gone. */
const hopelessMs = 20_000

/** What is done about those who are not the leader, and about a leader that hangs in the middle of something. */
export function tendMembers(view: ShardView): MemberAction[] {
  const leader = memberNamed(view, leaderOf(view.record))
  if (leader === null) return []
  const others = view.members.filter(({ name }) => name !== leader.name)
  const actions = others.flatMap((member) => tend(view, leader, member))
  const copied = actions.find(({ kind }) => kind === 'rebuild')
  const isNow = (action: MemberAction) => action.kind !== 'rebuild' || action === copied
  return [...endHung(view, leader), ...actions.filter((one) => !isHeld(view) || isNow(one))]
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
  return tendRunning(view, leader, member)
}

const fence = (name: string, sentence: string): MemberAction => ({ kind: 'fence', name, sentence })

function raise(view: ShardView, leader: MemberView, member: MemberView): MemberAction | null {
  const { name, pauseMs, copyPauseMs, vain } = member
  const of = leader.place
  const mayCopy = isOpen(leader) && !isBeginning(view) && mayRemake(view, name)
  if (view.record.remake.includes(name)) {
    if (!mayCopy || copyPauseMs > 0) return null
    return { kind: 'rebuild', name, of, sentence: `Make ${name} anew from ${of.name}.` }
  }
  if (pauseMs > 0 || comesLater(view)) return null
  if (isHopeless(vain) && mayCopy) {
    const sentence = `${name} was started ${vain.count} times in vain (${vain.why}); it is made anew.`
    return disbelieve(name, sentence)
  }
  return { kind: 'start', name, of, sentence: `Start ${name}, which follows ${of.name}.` }
}

/**
 * A new reign begins with commits that somebody else confirms: while there is anybody who can, a copy would only
 * take the disk and the processor from them.
 */
const isBeginning = (view: ShardView): boolean =>
  view.record.promotion?.decided === true && !isHeld(view)

/** Also a start would, by some tenths of a second; where the reign does not begin soon, nothing waits for it. */
const comesLater = (view: ShardView): boolean =>
  isBeginning(view) && view.downForMs < firstCommitsMs

/**
 * Its copy is deleted only when no election has to hear from it. Or when it cannot leave the list, since without it
 * too few could confirm, and none of those who are lost will come back by itself: then commits wait, and no election
 * is possible anyway. One at a time while they wait, so that they wait no longer than one copy takes.
 */
function mayRemake(view: ShardView, name: string): boolean {
  const { confirming } = view.record
  if (!isHeld(view)) return !confirming.includes(name)
  const others = view.members.filter((other) => other.name !== name)
  if (others.some(({ busy }) => busy === 'rebuild')) return false
  return (
    !confirming.includes(name) ||
    !others.some((other) => confirming.includes(other.name) && mayComeBack(view, other))
  )
}

function mayComeBack(view: ShardView, { name, life, vain }: MemberView): boolean {
  if (!isLost(view, name) || view.record.remake.includes(name)) return false
  return life !== 'dead' || !isHopeless(vain)
}

/** A replica that stands still is left alone, unless commits wait for it. */
function tendFrozen(view: ShardView, { name, lifeForMs }: MemberView): MemberAction | null {
  const { confirming, quorum } = view.record
  const needed =
    isRequired(view.settings) && confirming.includes(name) && confirming.length <= quorum
  if (!needed || lifeForMs < Math.max(frozenMs, heirFrozenMs)) return null
  return fence(name, `${name} stands still, and commits wait for it; end it and start it again.`)
}

function tendRunning(view: ShardView, leader: MemberView, member: MemberView): MemberAction | null {
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
  // What follows a server that is about to be promoted goes on with it, and confirms its first commit.
  if (!isOpen(leader)) return isHeir(view, leader) ? lead(leader.place, member) : null
  if (answer.broken !== null) {
    return disbelieve(
      name,
      `${name} cannot follow ${leader.name} (${answer.broken}); it is made anew.`,
    )
  }
  const isSwitching = view.main?.kind === 'switch-over' || view.record.promotion !== null
  if (answer.prepared && !isSwitching) {
    const sentence = `${name} does not take over; what was made ready for that goes.`
    return { kind: 'unprepare', name, sentence }
  }
  return lead(leader.place, member)
}

const isHeir = ({ record: { promotion } }: ShardView, { name, answer }: MemberView): boolean =>
  promotion?.decided === true && promotion.to === name && answer !== null

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
