import { formatLsn } from '@banyan/postgres'
import { decided } from './book.ts'
import { nextTerm } from './decide.ts'
import type { Performer } from './perform.ts'
import type { Promotion } from './record.ts'
import { listOf } from './say.ts'
import { refused } from './switch-over.ts'
import { isOpen, leaderOf, type MemberView, memberNamed, type ShardView } from './view.ts'

/** What goes on without the members that have everything. */
export type LossForecast = {
  readonly to: string
  /** Who may have acknowledged commits that `to` does not have. */
  readonly missing: readonly string[]
  /** Where the WAL of `to` ends, as PostgreSQL writes it: everything up to there is kept. */
  readonly keptLsn: string
  readonly sentence: string
}

/** @throws BanyanError `BANYAN_SWITCHOVER_REFUSED` when nobody could be promoted, or nothing need be lost. */
export function forecastLoss(view: ShardView, wanted: string | null): LossForecast {
  const leader = memberNamed(view, leaderOf(view.record))
  if (isOpen(leader)) {
    throw refused(
      `${leader.name} takes writes; nothing need be lost.`,
      '"banyan switchover" changes the primary.',
    )
  }
  const able = view.members.filter((one) => isAble(view, one))
  const best = able.reduce<MemberView | null>(
    (a, b) => (a === null || isFurther(b, a) ? b : a),
    null,
  )
  const to = wanted === null ? best : able.find(({ name }) => name === wanted)
  if (to == null) {
    const names = able.map(({ name }) => name)
    throw refused(
      `${wanted ?? 'No replica'} gives no answer that could be believed; ${listOf(names)} does.`,
      'Start one of the members: "banyan status" says why each does not run.',
    )
  }
  return forecast(view, to)
}

function forecast(view: ShardView, { name: to, answer }: MemberView): LossForecast {
  const { confirming } = view.record
  const missing = [...new Set([leaderOf(view.record) ?? '', ...confirming])].filter(
    (name) => name !== '' && name !== to && !isAble(view, memberNamed(view, name)),
  )
  const keptLsn = formatLsn(answer?.walLsn ?? 0n)
  const sentence = `${to} would be promoted. Its WAL ends at ${keptLsn}. Commits that were acknowledged and that only ${listOf(missing)} has would be lost, and what ${listOf(missing)} has is deleted when it comes back.`
  return { to, missing, keptLsn, sentence }
}

function isAble(view: ShardView, member: MemberView | null): boolean {
  if (member === null || member.busy !== null || member.life !== 'running') return false
  return member.answer?.inRecovery === true && !view.record.remake.includes(member.name)
}

/** Positions of an earlier term are of another history. */
function isFurther(a: MemberView, b: MemberView): boolean {
  const [termA, termB] = [a.answer?.term ?? 0, b.answer?.term ?? 0]
  return termA === termB ? lsn(a) > lsn(b) : termA > termB
}

const lsn = ({ answer }: MemberView): bigint => answer?.walLsn ?? 0n

/** Ends what could still write, and writes down the promotion; it is finished like any other. */
export async function loseWith(
  { book, done, find }: Performer,
  view: ShardView,
  wanted: string | null,
): Promise<LossForecast> {
  const loss = forecastLoss(view, wanted)
  const others = view.members.filter((one) => one.name !== loss.to && !isAble(view, one))
  for (const { name } of others) {
    await find(name).fence()
    done.fenced.add(name)
  }
  const promotion: Promotion = {
    to: loss.to,
    from: leaderOf(view.record) ?? '',
    term: nextTerm(view),
    reason: 'accept-loss',
    decided: true,
  }
  // Nothing of those who were not heard is believed, nor of those who are ahead.
  const ahead = view.members.filter((one) => lsn(one) > lsn(memberNamed(view, loss.to) ?? one))
  const unbelieved = [...others, ...ahead].map(({ name }) => name)
  await book.change((record) => decided(record, promotion, unbelieved))
  return loss
}
