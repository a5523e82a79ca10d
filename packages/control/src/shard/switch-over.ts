import { BanyanError } from '@banyan/model'
import type { Lsn } from '@banyan/postgres'
import { decided } from './book.ts'
import type { Member, MemberAnswer } from './member.ts'
import { type Performer, perform } from './perform.ts'
import type { Promotion } from './record.ts'
import { listOf } from './say.ts'
import type { ShardClock } from './settings.ts'
import { isLost, isOpen, memberNamed, type ShardView } from './view.ts'

/** How long the app's processes hold their requests at most; they go on by themselves after it. */
const holdMs = 2_000
/** How long the heir has for what the old primary sent last. */
const arriveMs = 2_000
/** How long a replica is waited for that writes what it has in memory: that saves time, and nothing depends on it. */
const replicaCheckpointMs = 1_000
/** What a heir may lack before the old primary is stopped: it would hold everybody up while it fetches that. */
const lagBytesMax = 16n * 1024n * 1024n

export type SwitchPorts = Performer & {
  readonly clock: ShardClock
  /** Tells the app's processes where the writes are about to go: they connect there ahead. */
  readonly announce: (heir: string) => Promise<void>
  readonly hold: (milliseconds: number) => Promise<void>
}

/** A switchover, and who is to follow the new primary. */
export type Handover = {
  readonly promotion: Promotion
  /** Everybody but the heir. */
  readonly followers: readonly string[]
  /** Those that follow and run, beside the two. */
  readonly others: readonly string[]
}

export function handoverOf({ members }: ShardView, promotion: Promotion): Handover {
  const { from, to } = promotion
  const followers = members.filter(({ name }) => name !== to)
  const others = followers.filter(
    ({ name, life, answer }) => life === 'running' && answer?.inRecovery === true && name !== from,
  )
  const names = (list: typeof others) => list.map(({ name }) => name)
  return { promotion, followers: names(followers), others: names(others) }
}

/** Who takes over, or the reason why nobody can; nothing was done yet. */
export function chooseHeir(view: ShardView, wanted: string | null): string {
  const { record } = view
  const primary = memberNamed(view, record.primary)
  if (!isOpen(primary) || record.promotion !== null) {
    throw refused(
      `${record.primary ?? 'Nobody'} does not take writes now.`,
      'Wait until it does: "banyan status" says what is done about it. Only when those who have every acknowledged commit never come back, "banyan switchover --accept-loss" goes on without them; it says first what may be lost.',
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
  if (member === null) return `There is no member ${name}; the shard has ${listOf(names)}.`
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
  handover: Handover,
): Promise<'decided' | string> {
  const { book } = ports
  const { promotion } = handover
  const { from, to } = promotion
  await getReady(ports, handover)
  await book.change(() => ({ promotion }))
  try {
    await ports.hold(holdMs).catch(() => {})
    const reason = await handOver(ports, handover)
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

/** What can be done while everybody still writes. Only the checkpoints of the old primary have to succeed. */
async function getReady(ports: SwitchPorts, handover: Handover): Promise<void> {
  const { find, announce, clock } = ports
  const { promotion, followers } = handover
  const { from, to } = promotion
  const ready = find(to).prepare(followers)
  const begun = checkpointReplicas(ports, handover)
  // What has gathered takes its time. What is written until then does not.
  await Promise.all([find(from).checkpoint(), ready.catch(() => {})])
  await Promise.race([begun, clock.sleep(replicaCheckpointMs)])
  await Promise.all([find(from).checkpoint(), announce(to).catch(() => {})])
  await Promise.race([checkpointReplicas(ports, handover), clock.sleep(replicaCheckpointMs)])
}

/** A replica can do that for as much as its primary has done it. */
async function checkpointReplicas(
  { find }: SwitchPorts,
  { promotion: { to }, others }: Handover,
): Promise<void> {
  await Promise.allSettled([to, ...others].map((name) => find(name).checkpoint()))
}

/**
 * The old primary is stopped, and the heir has all of it; or the reason why not. Meanwhile the others go over to
 * the heir, so that its first commit finds somebody who confirms it. Who does not is told again by the next look.
 */
async function handOver(
  ports: SwitchPorts,
  { promotion: { from, to }, others }: Handover,
): Promise<string | null> {
  const { done, find } = ports
  const heir = find(to)
  const gone = others.map((name) =>
    find(name)
      .follow(heir.place)
      .catch(() => {}),
  )
  let hasAll = false
  const last = await find(from).stopFor(to, async (record) => {
    hasAll = await isBeyond(heir, record)
    return hasAll
  })
  // It has been proven dead by that.
  done.fenced.add(from)
  done.forgetList()
  await Promise.all(gone)
  if (last === null) return `${from} had to be ended before ${to} had everything.`
  if (hasAll || (await hasReplayed(ports, to, last))) return null
  return `${to} did not get what ${from} wrote last.`
}

async function hasReplayed(
  { find, clock }: SwitchPorts,
  to: string,
  last: bigint,
): Promise<boolean> {
  const until = clock.now() + arriveMs
  while (clock.now() < until) {
    if (await isBeyond(find(to), last)) return true
    await clock.sleep(5)
  }
  return false
}

async function isBeyond(heir: Member, record: Lsn): Promise<boolean> {
  const answer = await heir.ask(200).catch(() => null)
  return answer?.inRecovery === true && answer.replayLsn > record
}
