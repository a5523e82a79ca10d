import type { MainAction } from './action.ts'
import { desiredList, isHeld, isSame, listForPromotion } from './confirm-list.ts'
import type { MemberAnswer } from './member.ts'
import type { Promotion } from './record.ts'
import { listOf, wait } from './say.ts'
import { isOpen, type MemberView, memberNamed, type ShardView } from './view.ts'

/** Only the heir may go on; one that stands still, or says nothing, for so long is started again. */
export const heirFrozenMs = 3_000
const heirSilentMs = 15_000

/**
 * What was decided is finished, by whichever control finds it. The heir may have been promoted already; it is
 * asked. Before it is promoted (again), the old primary is proven dead (again).
 */
export function finishPromotion(view: ShardView, promotion: Promotion): MainAction {
  const heir = memberNamed(view, promotion.to)
  if (heir === null) {
    const sentence = `${promotion.to} was to be promoted, and is not among the members any more.`
    return { kind: 'refuse', sentence }
  }
  if (isOpen(heir)) return finishOpen(view, promotion, heir)
  const why = whyEndHeir(heir)
  if (why !== null) return { kind: 'fence', name: heir.name, sentence: why }
  if (heir.life === 'dead') return startHeir(view, promotion, heir)
  if (heir.answer === null || heir.busy !== null) {
    return wait(`${heir.name} is being promoted; waiting for it to answer.`)
  }
  return promoteHeir(view, promotion, heir)
}

export function whyEndHeir({ name, life, lifeForMs, silentForMs }: MemberView): string | null {
  if (life === 'orphaned') return `${name} has died and left processes; end them.`
  const late = life === 'frozen' ? lifeForMs >= heirFrozenMs : silentForMs >= heirSilentMs
  if (life === 'dead' || !late) return null
  return `${name} is to be promoted and stands still; end it and start it again.`
}

/** As a replica, in whichever state it is: a server that was not promoted must not write its old timeline. */
function startHeir(view: ShardView, { from }: Promotion, heir: MemberView): MainAction {
  const { name } = heir
  const of = memberNamed(view, from)?.place
  if (of === undefined || heir.busy !== null || heir.pauseMs > 0) {
    return wait(
      `${name} was to be promoted and is dead; nobody else may take over. It is started again.`,
    )
  }
  const sentence = `${name} was to be promoted and has died; nobody else may take over. Start it again.`
  return { kind: 'start-heir', name, of, sentence }
}

function promoteHeir(view: ShardView, { to, from, term }: Promotion, heir: MemberView): MainAction {
  if (!view.fenced.has(from)) {
    const sentence = `Make sure that nothing of ${from} is left before ${to} is promoted.`
    return { kind: 'fence', name: from, sentence }
  }
  const confirming = listForPromotion(view, to)
  const isConfirmed = confirming.kind === 'nobody' || confirming.names.length >= confirming.quorum
  return {
    kind: 'promote',
    name: heir.name,
    confirming,
    followers: view.members.map(({ name }) => name).filter((name) => name !== to),
    awake: view.members
      .filter(({ life, busy }) => life === 'running' && busy === null)
      .map(({ name }) => name)
      .filter((name) => name !== to && name !== from && !view.record.remake.includes(name)),
    term: isConfirmed ? term : null,
    sentence: `Promote ${to}.`,
  }
}

function finishOpen(
  view: ShardView,
  promotion: Promotion,
  { name }: MemberView & { answer: MemberAnswer },
): MainAction {
  const confirming = desiredList(view)
  if (view.inForce === null || !isSame(view.inForce.confirming, confirming)) {
    const names = confirming.kind === 'nobody' ? [] : confirming.names
    return {
      kind: 'confirm',
      name,
      confirming,
      sentence: `Commits of ${name} wait for ${listOf(names)}.`,
    }
  }
  const { term } = promotion
  // A term that nobody could confirm would only be in the way of the list that comes with the first who can.
  if (view.termWritten !== term && isHeld(view)) {
    return wait(
      `${name} is promoted; commits are held until a replica that can confirm them was made.`,
    )
  }
  if (view.termWritten !== term) {
    return {
      kind: 'write-term',
      name,
      term,
      awake: [],
      sentence: `Write term ${term} into ${name}.`,
    }
  }
  return { kind: 'finish', promotion, sentence: `${name} takes writes in term ${term}.` }
}
