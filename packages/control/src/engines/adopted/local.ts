import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError, type Node } from '@banyan/model'
import type { Client } from 'pg'
import { logFileOf, type StatePaths } from '../../state/paths.ts'
import type { NodeDriver, Presence, Probe } from '../../supervise/driver.ts'
import type { NodeFacts, Situation } from '../../supervise/situation.ts'
import { openPlain } from './connect.ts'
import { MemberWatch, sayWhy } from './member-watch.ts'
import { findPrimary } from './members.ts'
import type { Target } from './target.ts'

/** Another server is not asked more often than this whether it is back. */
const attemptEveryMs = 1_000
const startTimeoutMs = 10_000

/** A standby that was promoted, and a primary that was not, look alike from outside. */
const stateSql = `select pg_is_in_recovery() as standby,
  current_setting('default_transaction_read_only')::bool as "readOnly"`

/**
 * Watches a server that somebody else runs, over one session that stays open: a connection for each
 * look would fill the log of the other side. Nothing is ever started, stopped or written. Of several
 * servers it is the one that takes writes; when it no longer does, the others are asked. How each of them is
 * is watched besides, for those who want to see it.
 */
export function adoptedDriver(node: Node, target: Target, paths: StatePaths): NodeDriver {
  let client: Client | null = null
  let place = target.name
  let attemptedAtMs = Number.NEGATIVE_INFINITY
  let stopping = new AbortController()
  const members = target.members.length > 1 ? new MemberWatch(target) : null

  async function session(): Promise<Client> {
    if (client !== null) return client
    const pauseMs = attemptedAtMs + attemptEveryMs - performance.now()
    if (pauseMs > 0) await sleep(pauseMs, null, { signal: stopping.signal })
    attemptedAtMs = performance.now()
    const chosen = await findPrimary(target)
    const opened = await openPlain(chosen)
    place = chosen.name
    opened.once('end', () => {
      if (client === opened) client = null
    })
    client = opened
    return opened
  }

  /** One that does not answer is given up: its network may be gone without a word. */
  async function drop(): Promise<void> {
    const dropped = client
    client = null
    await dropped?.end().catch(() => {})
  }

  async function start(): Promise<Presence> {
    stopping = new AbortController()
    attemptedAtMs = Number.NEGATIVE_INFINITY
    await session()
    members?.start()
    return { identity: null, startedAt: new Date().toISOString(), exit: null }
  }

  async function probe(): Promise<Probe> {
    try {
      const { rows } = await (await session()).query(stateSql)
      if (rows[0]?.standby) {
        // Another one of a list has been promoted, or is about to be.
        if (target.members.length > 1) void drop()
        return missing('it is a standby now, and takes no writes')
      }
      return rows[0]?.readOnly ? missing('it is set to read only') : { ready: true }
    } catch (error) {
      void drop()
      return missing(sayWhyOf(error))
    }
  }

  return {
    node,
    logFile: logFileOf(paths, node.name),
    startTimeoutMs,
    // Nobody else watches it for us, so that there is nothing to take over.
    find: async () => null,
    start,
    probe,
    isRunning: async () => true,
    stop: async () => {
      stopping.abort()
      members?.stop()
      await drop()
    },
    kill: async () => {
      throw untouched(node.name, target.name)
    },
    pause: async () => {
      throw untouched(node.name, target.name)
    },
    resume: async () => {
      throw untouched(node.name, target.name)
    },
    ...(members !== null && { members: () => members.states }),
    say: (situation, facts) => say(node.name, place, situation, facts),
  }
}

const missing = (what: string): Probe => ({ ready: false, missing: what })

function sayWhyOf(error: unknown): string {
  if (BanyanError.is(error)) return `it ${sayWhy(error)}`
  return error instanceof Error ? error.message : String(error)
}

/** What is said of other nodes would be untrue: this one was neither started nor is it stopped. */
function say(name: string, place: string, situation: Situation, facts: NodeFacts): string {
  const why = facts.missing ?? facts.startFailure?.replace(/\.$/, '') ?? null
  switch (situation) {
    case 'healthy':
      return `${name} (${place}) is healthy.`
    case 'stopped':
    case 'stopping':
      return `${name} (${place}) is no longer watched, and runs on.`
    case 'silent':
    case 'late':
    case 'waiting':
      return `${name} (${place}) is away: ${why ?? 'no reason is known'}. Somebody else runs it; services go on, and it is asked every second.`
    default:
      return `${name} (${place}) is asked how it is.`
  }
}

/** Why nothing is done to a server that somebody else runs. */
export function untouched(name: string, place: string): BanyanError {
  return new BanyanError(
    'BANYAN_ADOPTED_UNTOUCHED',
    `${name} is the adopted database ${place}: somebody else runs it, and Banyan does nothing to it.`,
    {
      hint: 'To rehearse its failure, restart it where it runs; or let Banyan make a database: leave out data.url.',
      details: { node: name, place },
    },
  )
}

/** Why no role is moved between servers that somebody else runs. */
export function notSwitched(place: string): BanyanError {
  return new BanyanError(
    'BANYAN_ADOPTED_UNTOUCHED',
    `The database ${place} is adopted: who takes its writes is decided by whoever runs it.`,
    {
      hint: 'Ask there (patronictl switchover, for one). The processes of the app follow by themselves when data.url names all servers.',
      details: { place },
    },
  )
}
