import { BanyanError, type ErrorCode } from '@banyan/model'
import { type MemberFacts, memberFactsOf, memberFactsSql } from '@banyan/postgres'
import { Client } from 'pg'
import { explain } from './explain.ts'
import { type Place, placed, type Target } from './target.ts'

/** What one server of a list said of itself, or why it said nothing. */
export type Heard = { readonly place: Place } & (
  | { readonly facts: MemberFacts; readonly error: null }
  | { readonly facts: null; readonly error: BanyanError }
)

const timeoutMs = 5_000

/** Once one takes writes, another one may still say that it was superseded; nobody else is waited for. */
const graceMs = 1_000

/**
 * Of a URL with several hosts the one server that takes writes now: not in recovery, and of the largest
 * timeline. Somebody else promotes them, and all that is done here is to ask.
 */
export async function findPrimary(target: Target, signal?: AbortSignal): Promise<Target> {
  if (target.members.length === 1) return target
  const heard = await askMembers(target, signal)
  const [first] = primariesOf(heard)
  if (first === undefined) throw noPrimary(target, heard)
  return placed(target, first)
}

/** Those out of recovery, the one that was promoted last before the others. */
function primariesOf(heard: readonly Heard[]): readonly Place[] {
  return heard
    .flatMap(({ place, facts }) => (facts === null || facts.inRecovery ? [] : [{ place, facts }]))
    .sort((a, b) => (b.facts.timeline ?? 0) - (a.facts.timeline ?? 0))
    .map(({ place }) => place)
}

/** Asks all of them at once; one that is silent does not keep the others from being believed. */
export async function askMembers(target: Target, signal?: AbortSignal): Promise<readonly Heard[]> {
  const heard: Heard[] = []
  const asked = target.members.map(async (place) => {
    const one = await askPlace(target, place, signal)
    heard.push(one)
    return one
  })
  const oneWrites = Promise.any(
    asked.map(async (one) => {
      if ((await one).facts?.inRecovery !== false) throw new Error('it takes no writes')
      await new Promise((resolve) => setTimeout(resolve, graceMs).unref())
    }),
  )
  await Promise.race([Promise.all(asked), oneWrites.catch(async () => await Promise.all(asked))])
  return target.members.map(
    (place) =>
      heard.find((one) => one.place === place) ?? {
        place,
        facts: null,
        error: silent(target, place),
      },
  )
}

async function askPlace(target: Target, place: Place, signal?: AbortSignal): Promise<Heard> {
  const client = new Client({
    connectionString: place.url,
    application_name: 'banyan',
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  })
  client.on('error', () => {})
  const cut = (): void => void client.end().catch(() => {})
  signal?.addEventListener('abort', cut)
  try {
    signal?.throwIfAborted()
    await client.connect()
    const { rows } = await client.query(memberFactsSql(false))
    return { place, facts: memberFactsOf(rows[0]), error: null }
  } catch (error) {
    signal?.throwIfAborted()
    return { place, facts: null, error: explain(error, placed(target, place)) }
  } finally {
    signal?.removeEventListener('abort', cut)
    void client.end().catch(() => {})
  }
}

const silent = (target: Target, place: Place): BanyanError =>
  explain(new Error('timeout expired'), placed(target, place))

/** A server that a list must not have, found before anything is done: it would be met after a failover. */
export function judgeMembers(target: Target, heard: readonly Heard[]): BanyanError | null {
  const wrong = heard.find(({ error }) => error !== null && error.code !== unreachable)
  return wrong?.error ?? judgeClusters(target, heard)
}

const unreachable: ErrorCode = 'BANYAN_ADOPTED_UNREACHABLE'

function judgeClusters({ name }: Target, heard: readonly Heard[]): BanyanError | null {
  const answered = heard.filter(({ facts }) => facts !== null)
  const clusters = new Set(answered.map(({ facts }) => facts?.systemIdentifier))
  if (clusters.size <= 1) return null
  const said = answered.map(({ place, facts }) => `${place.name} is of ${facts?.systemIdentifier}`)
  return new BanyanError(
    'BANYAN_ADOPTED_STRANGER',
    `The servers of the adopted database ${name} belong to different clusters: ${said.join(', ')}.`,
    {
      hint: 'Name only members of one cluster: a primary and its replicas. The numbers are what `select system_identifier from pg_control_system()` says on each.',
      details: {
        clusters: Object.fromEntries(
          answered.map(({ place, facts }) => [place.name, facts?.systemIdentifier]),
        ),
      },
    },
  )
}

function noPrimary(target: Target, heard: readonly Heard[]): BanyanError {
  const said = heard.map(sayHeard)
  const details = { tried: heard.map(({ place }, at) => ({ server: place.name, said: said[at] })) }
  const list = said.map((text, at) => `${heard[at]?.place.name} ${text}`).join('; ')
  if (heard.some(({ facts }) => facts !== null)) {
    return new BanyanError(
      'BANYAN_ADOPTED_READ_ONLY',
      `None of the ${heard.length} servers of the adopted database ${target.name} takes writes: ${list}.`,
      {
        hint: 'Whoever promotes them (patronictl list, for one) says why nobody leads; or add the server that takes writes to the URL.',
        details,
      },
    )
  }
  const codes = new Set(heard.map(({ error }) => error?.code))
  const [code = unreachable] = codes.size === 1 ? codes : [unreachable]
  return new BanyanError(
    code as ErrorCode,
    `None of the ${heard.length} servers of the adopted database ${target.name} can be reached: ${list}.`,
    { hint: heard.find(({ error }) => error?.code === code)?.error?.hint ?? '', details },
  )
}

/** Without the name of the database, which the sentence says already. */
function sayHeard({ facts, error }: Heard): string {
  if (facts !== null) return facts.inRecovery ? 'is a standby' : 'takes writes'
  return error.message.replace(/^The adopted database \S+ /, '').replace(/\.$/, '')
}
