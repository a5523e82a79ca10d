import type { NodeHealth } from '@banyan/model'
import type { MemberFacts } from '@banyan/postgres'
import type { Place } from './target.ts'

/** What was heard last of one server of a list; both are null before it was asked. */
export type Seen = {
  readonly place: Place
  readonly facts: MemberFacts | null
  /** Why it gives no answer: `cannot be reached: nobody listens there`. */
  readonly missing: string | null
  /** Since when it answers, or does not. Wall clock, in milliseconds. */
  readonly sinceMs: number
}

/** One server of a list, as `banyan status` shows it. */
export type MemberState = {
  /** As the app's processes call it. */
  readonly name: string
  readonly address: string
  readonly role: 'primary' | 'replica' | 'superseded'
  readonly health: NodeHealth
  /** Of a replica: what it has not replayed of what the primary has; null where one gives no answer. */
  readonly lagBytes?: number | null
  /** Since when it answers; null while it does not. */
  readonly sinceMs: number | null
  readonly sentence: string
}

/** The one that takes writes: out of recovery, and of the largest timeline. Null while nobody does. */
export function leaderOf(seen: readonly Seen[]): Seen | null {
  const writing = seen.filter(({ facts }) => facts?.inRecovery === false)
  const timelineOf = ({ facts }: Seen): number => facts?.timeline ?? 0
  return writing.reduce<Seen | null>(
    (best, one) => (best === null || timelineOf(one) > timelineOf(best) ? one : best),
    null,
  )
}

/** `last` led last, as far as anybody here has heard: while nobody leads it is still called the primary. */
export function statesOf(seen: readonly Seen[], last: Place | null): readonly MemberState[] {
  const leader = leaderOf(seen)
  const primary = leader?.place ?? last
  return seen.map((one, at) => stateOf(one, `db-${at + 1}`, leader, primary))
}

function stateOf(one: Seen, name: string, leader: Seen | null, primary: Place | null): MemberState {
  const { place, facts, sinceMs } = one
  const isPrimary = place === primary
  const fault = faultOf(one, leader)
  const superseded = facts?.inRecovery === false && !isPrimary
  const role = isPrimary ? 'primary' : superseded ? 'superseded' : 'replica'
  const isAsked = facts === null && one.missing === null
  return {
    name,
    address: place.name,
    role,
    health: isAsked ? 'starting' : fault === null ? 'healthy' : 'failed',
    ...(role === 'replica' && { lagBytes: lagOf(one, leader) }),
    sinceMs: facts === null ? null : sinceMs,
    sentence: isAsked
      ? `${name} (${place.name}) is asked how it is.`
      : `${name} (${place.name}) ${fault ?? sayHealthy(role)}.`,
  }
}

const sayHealthy = (role: string): string =>
  role === 'primary' ? 'takes the writes' : 'follows, and answers reads'

function faultOf({ place, facts, missing }: Seen, leader: Seen | null): string | null {
  if (facts === null)
    return missing === null ? null : `is away: it ${missing}. Somebody else runs it`
  if (leader === null) return null
  if (facts.systemIdentifier !== leader.facts?.systemIdentifier) {
    return `is of another cluster than ${leader.place.name}, and is used for nothing`
  }
  if (facts.inRecovery || place === leader.place) return null
  return `believes that it takes the writes, but ${leader.place.name} was promoted after it; nothing is written there`
}

function lagOf({ facts }: Seen, leader: Seen | null): number | null {
  if (facts === null || leader?.facts == null) return null
  const behind = leader.facts.walLsn - facts.replayLsn
  return behind > 0n ? Number(behind) : 0
}
