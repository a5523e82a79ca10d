import { BanyanError } from '@banyan/model'
import { decided } from './book.ts'
import type { MemberAnswer } from './member.ts'
import { type Performer, perform } from './perform.ts'
import type { Promotion } from './record.ts'
import { listOf } from './say.ts'
import type { ShardClock } from './settings.ts'
import { isLost, isOpen, memberNamed, type ShardView } from './view.ts'

/** How long the app's processes hold their requests at most; they go on by themselves after it. */
const holdMs = 2_000
/** How long the heir has for what the old primary sent last. */
const arriveMs = 2_000
/** What a heir may lack before the old primary is stopped: it would hold everybody up while it fetches that. */
const lagBytesMax = 16n * 1024n * 1024n

export type SwitchPorts = Performer & {
  readonly clock: ShardClock
  readonly hold: (milliseconds: number) => Promise<void>
}

/** Who takes over, or the reason why nobody can; nothing was done yet. */
export function chooseHeir(view: ShardView, wanted: string | null): string {
  const { record } = view
  const primary = memberNamed(view, record.primary)
  if (!isOpen(primary) || record.promotion !== null) {
    throw refused(
      `${record.primary ?? 'Nobody'} does not take writes now.`,
      'Wait until it does: "banyan status".',
    )
  }
  if (wanted === null) return bestHeir(view)
  const reason = whyNot(view, wanted)
  if (reason !== null)
    throw refused(reason, 'Nothing was changed. "banyan status" says who follows and how far.')
  return wanted
}

function bestHeir(view: ShardView): string {
  const names = view.record.confirming.filter((name) => whyNot(view, name) === null)
  const best = names.reduce<string | null>(
    (a, b) => (a === null || lsnOf(view, b) > lsnOf(view, a) ? b : a),
    null,
  )
  if (best !== null) return best
  const reasons = view.record.confirming.map((name) => whyNot(view, name)).join(' ')
  throw refused(
    view.record.confirming.length === 0
      ? 'No replica confirms commits, so that nobody is known to have every one.'
      : `Nobody can take over. ${reasons}`,
    'Nothing was changed. "banyan status" says who follows and how far.',
  )
}

const lsnOf = (view: ShardView, name: string): bigint =>
  memberNamed(view, name)?.answer?.walLsn ?? 0n

/** Why somebody cannot take over; null when nothing is known against it. */
function whyNot(view: ShardView, name: string): string | null {
  const { record } = view
  const member = memberNamed(view, name)
  const names = view.members.map((one) => one.name)
  if (member === null) return `There is no member ${name}; there are ${listOf(names)}.`
  if (name === record.primary) return `${name} is the primary already.`
  if (member.life !== 'running') return `${name} does not run (it is ${member.life}).`
  if (member.busy !== null || member.answer === null) return `${name} gives no answer.`
  if (!record.confirming.includes(name) || isLost(view, name)) {
    return `${name} does not confirm commits, so that it may miss some.`
  }
  const lag = lsnOf(view, record.primary ?? '') - replayedOf(member.answer)
  return lag > lagBytesMax ? `${name} is ${lag} bytes behind, more than ${lagBytesMax}.` : null
}

const replayedOf = ({ replayLsn, walLsn }: MemberAnswer) =>
  replayLsn < walLsn ? replayLsn : walLsn

export const refused = (reason: string, hint: string): BanyanError =>
  new BanyanError('BANYAN_SWITCHOVER_REFUSED', `No switchover: ${reason}`, {
    hint,
    details: { reason },
  })

/**
 * The steps S2 to S6 of docs/designs/replicated.md. Until the promotion is decided it can be taken back, by
 * whichever control finds it; after that it is finished like any other.
 */
export async function switchOver(
  ports: SwitchPorts,
  promotion: Promotion,
): Promise<'decided' | string> {
  const { book, find } = ports
  const { from, to } = promotion
  await find(from).checkpoint()
  await book.change(() => ({ promotion }))
  try {
    await ports.hold(holdMs).catch(() => {})
    const reason = await handOver(ports, promotion)
    if (reason === null) {
      await book.change((record) => decided(record, promotion, []))
      return 'decided'
    }
    return reason
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return `${from} could not be stopped for ${to}: ${text}`
  } finally {
    // A promotion that is decided stays; the last words of the app's processes come when it is over.
    await perform(ports, { kind: 'take-back', promotion, sentence: '' })
  }
}

/** The old primary is stopped, and the heir has all of it; or the reason why not. */
async function handOver(ports: SwitchPorts, { from, to }: Promotion): Promise<string | null> {
  const { done, find } = ports
  const last = await find(from).stopFor(to)
  await perform(ports, { kind: 'fence', name: from, sentence: '' })
  done.forgetList()
  if (last === null) return `${from} had to be ended before ${to} had everything.`
  if (await hasReplayed(ports, to, last)) return null
  return `${to} did not get what ${from} wrote last.`
}

async function hasReplayed(
  { find, clock }: SwitchPorts,
  to: string,
  last: bigint,
): Promise<boolean> {
  const until = clock.now() + arriveMs
  while (clock.now() < until) {
    const answer = await find(to)
      .ask(200)
      .catch(() => null)
    if (answer?.inRecovery === true && answer.replayLsn > last) return true
    await clock.sleep(5)
  }
  return false
}
