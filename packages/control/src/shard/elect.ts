import { plantedFault } from '@banyan/postgres'
import type { MemberAnswer } from './member.ts'
import { type MemberView, memberNamed, type ShardView } from './view.ts'

export type Election =
  /** These answered, and the first has everything that was acknowledged. */
  | { readonly kind: 'elected'; readonly to: string; readonly ahead: readonly string[] }
  /** Too few have answered so far, and the others may: they run. */
  | { readonly kind: 'open'; readonly missing: readonly string[] }
  /** Too few can answer now. */
  | { readonly kind: 'short'; readonly missing: readonly string[] }

type Heard = MemberView & { readonly answer: MemberAnswer }

/** What it says counts: a replica with everything it holds read, and nothing being done to it. */
function isHeard(member: MemberView | null): member is Heard {
  if (member === null || member.life !== 'running' || member.busy !== null) return false
  return member.answer?.inRecovery === true && member.answer.complete
}

/**
 * Who has every acknowledged commit. Each commit is on `quorum` of those who confirm; so among any
 * `count - quorum + 1` of them is one that has it, and the one that has the most of those has everything
 * that any of them has, since WAL is linear.
 */
export function elect(view: ShardView): Election {
  const { confirming, quorum } = view.record
  const members = confirming.map((name) => memberNamed(view, name))
  const heard = members.filter(isHeard)
  const needed = confirming.length - quorum + 1
  const missing = confirming.filter((name) => !heard.some((member) => member.name === name))
  const best = heard.reduce<Heard | null>(better, null)
  if (best !== null && heard.length >= needed) {
    return { kind: 'elected', to: best.name, ahead: aheadOf(view, best) }
  }
  const running = members.filter((member) => member?.life === 'running').length
  return { kind: confirming.length > 0 && running >= needed ? 'open' : 'short', missing }
}

function better(best: Heard | null, next: Heard): Heard {
  if (best === null) return next
  const lagging = plantedFault === 'promotes-lagging'
  return next.answer.walLsn > best.answer.walLsn !== lagging ? next : best
}

/** Replicas that got something from the old primary which the new one does not have. */
const aheadOf = (view: ShardView, best: Heard): string[] =>
  view.members
    .filter((member) => member.answer?.inRecovery === true)
    .filter((member) => (member.answer?.walLsn ?? 0n) > best.answer.walLsn)
    .map(({ name }) => name)

/** Whether an election would end with somebody now: what stands still is ended only then. */
export const couldElect = (view: ShardView): boolean => elect(view).kind === 'elected'
