import { plantedFault } from '@banyan/postgres'
import type { MainAction, Plan } from './action.ts'
import { confirmStep, listForStart } from './confirm-list.ts'
import { whyFence } from './decide-fence.ts'
import { elect } from './elect.ts'
import { finishPromotion } from './finish-promotion.ts'
import type { MemberAnswer } from './member.ts'
import type { Promotion } from './record.ts'
import { listOf, rest, sayConfirming, wait } from './say.ts'
import { tendMembers } from './tend.ts'
import { isOpen, type MemberView, memberNamed, type ShardView } from './view.ts'

/** For so long an election waits for members that run and have not answered; then the old primary is started. */
export const patienceMs = 1_500

/** What to do about a shard: pure and total. Look, decide, do one thing, look again. */
export function decide(view: ShardView): Plan {
  return { main: decideMain(view), members: tendMembers(view) }
}

function decideMain(view: ShardView): MainAction {
  const { record, main } = view
  if (record.primary === null) return rest('There is no server yet.')
  if (main !== null) return rest('')
  if (record.promotion?.decided === true) return finishPromotion(view, record.promotion)
  if (record.promotion !== null) return takeBack(record.promotion)
  const primary = memberNamed(view, record.primary)
  if (primary === null) {
    // On the way up, before its step, and on the way down, after it.
    if (view.members.length === 0) return rest('')
    return wait(`${record.primary} is not among the members that are kept.`)
  }
  const why = whyFence(view, primary)
  if (why !== null) return { kind: 'fence', name: primary.name, sentence: why }
  if (primary.life === 'dead') return decideDead(view, primary)
  if (primary.life === 'frozen')
    return wait(`${primary.name} stands still, and nobody can take over.`)
  return decideRunning(view, primary)
}

const takeBack = (promotion: Promotion): MainAction => ({
  kind: 'take-back',
  promotion,
  sentence: `The switchover to ${promotion.to} was interrupted; it is taken back.`,
})

/** It is proven dead. Somebody else who has everything takes over; where nobody has, it is started again. */
function decideDead(view: ShardView, primary: MemberView): MainAction {
  const election = elect(view)
  const damped = view.downForMs < view.dampMs
  if (election.kind === 'elected' && !damped) return electNow(view, primary, election)
  if (election.kind === 'open' && view.downForMs < patienceMs && !damped) {
    return wait(`${primary.name} is dead; waiting for ${listOf(election.missing)} to answer.`)
  }
  if (primary.busy === null && primary.pauseMs === 0) return startAgain(view, primary, damped)
  return refuseFor(view, primary, election.kind === 'elected' ? [] : election.missing)
}

function electNow(
  view: ShardView,
  { name: from }: MemberView,
  { to, ahead }: { readonly to: string; readonly ahead: readonly string[] },
): MainAction {
  const promotion: Promotion = { to, from, term: nextTerm(view), reason: 'failover', decided: true }
  const sentence = `${from} is dead; ${to} has everything that was acknowledged and takes over.`
  return { kind: 'elect', promotion, ahead, sentence }
}

/** Larger than every term that anybody has heard of. */
export function nextTerm({ record, members }: ShardView): number {
  const terms = members.map(({ answer }) => answer?.term ?? 0)
  const largest = Math.max(record.term, record.promotion?.term ?? 0, ...terms)
  return plantedFault === 'equal-terms' ? largest : largest + 1
}

function startAgain(view: ShardView, { name }: MemberView, damped: boolean): MainAction {
  // With a server that is alone there is nothing to weigh.
  if (view.members.length === 1) {
    const sentence = `Start ${name}.`
    return { kind: 'start-primary', name, confirming: listForStart(view), sentence }
  }
  const why = damped
    ? 'The last failovers did not last'
    : view.record.confirming.length === 0
      ? 'Nobody else is known to have everything'
      : 'Too few of those who confirm commits answer'
  const sentence = `${name} is dead. ${why}, so that it is started again where it is.`
  return { kind: 'start-primary', name, confirming: listForStart(view), sentence }
}

function refuseFor(view: ShardView, { name }: MemberView, missing: readonly string[]): MainAction {
  const { confirming } = view.record
  const others =
    confirming.length === 0
      ? 'nobody else is known to have every acknowledged commit'
      : `of ${listOf(confirming)}, which may have acknowledged commits, ${listOf(missing)} gives no answer`
  const mend = `Nobody is promoted. It goes on by itself when ${[name, ...missing].join(' or ')} can be started`
  const last = '; "banyan switchover NODE --accept-loss" goes on without, and says what may be lost'
  return { kind: 'refuse', sentence: `${name} is dead, and ${others}. ${mend}${last}.` }
}

function decideRunning(view: ShardView, primary: MemberView): MainAction {
  const { name, answer, silentForMs } = primary
  if (answer === null) {
    const seconds = Math.floor(silentForMs / 1_000)
    return wait(seconds < 1 ? '' : `${name} runs, and has not answered for ${seconds} s.`)
  }
  if (!isOpen(primary)) {
    const sentence = `${name} is on record as the primary, and says that it is a replica. Somebody else than this control has changed its role; nothing is done about it.`
    return { kind: 'refuse', sentence }
  }
  return decideOpen(view, primary)
}

function decideOpen(view: ShardView, primary: MemberView & { answer: MemberAnswer }): MainAction {
  const { name, answer } = primary
  const { term } = view.record
  if (answer.term !== null && answer.term < term) {
    return {
      kind: 'write-term',
      name,
      term,
      awake: [],
      sentence: `Write term ${term} into ${name}.`,
    }
  }
  const step = confirmStep(view)
  if (step.kind === 'settled') return rest(`${name} takes writes${sayConfirming(view.inForce)}.`)
  if (step.kind === 'catch-up') return wait('Those who are to confirm commits are catching up.')
  // What follows, or went before, is what somebody wants to hear of.
  if (step.kind === 'record') return { ...step, sentence: '' }
  const { confirming } = step
  return {
    kind: 'confirm',
    name,
    confirming,
    sentence: `Commits of ${name} wait for ${describe(confirming)}.`,
  }
}

const describe = (confirming: Extract<MainAction, { kind: 'confirm' }>['confirming']): string =>
  confirming.kind === 'nobody' ? 'nobody' : `${confirming.quorum} of ${listOf(confirming.names)}`
