import { BanyanError, type Table } from '@banyan/model'
import type { Client } from 'pg'
import { cancellable } from './cancel.ts'
import type { Patience } from './patience.ts'
import type { Seen, Watch } from './watch.ts'

/** What every part of a run of migrations works with. */
export type Run = {
  readonly owner: Client
  readonly tables: readonly Table[]
  /** Whether the policies of narrow mode are there once the last migration is applied. */
  readonly narrow: boolean
  /** The app serves meanwhile. */
  readonly serving: boolean
  /** Another release runs beside, whose triggers and lookups have to stay. */
  readonly beside: boolean
  readonly patience: Patience
  readonly watch: Watch
  readonly signal: AbortSignal | undefined
  readonly say: (sentence: string) => void
}

/** What has a name in messages, and says what became of it. */
export type Subject = { readonly name: string; readonly explain: (error: unknown) => unknown }

const longestPauseMs = 5_000

/**
 * Runs `work` in a transaction, again and again while it does not get its locks at once. What cannot
 * be had is given back before the next attempt, so that nobody waits behind it.
 *
 * @throws BANYAN_MIGRATION_BLOCKED, BANYAN_MIGRATION_UNSAFE, and what `work` throws
 */
export async function transact<Result>(
  run: Run,
  subject: Subject,
  work: () => Promise<Result>,
): Promise<Result> {
  return await patiently(run, subject, async () => {
    const { owner, signal } = run
    await resetSession(run)
    await owner.query(beginSql(run.patience))
    try {
      const result = await cancellable(owner, signal, work)
      signal?.throwIfAborted()
      await owner.query('commit')
      return result
    } catch (error) {
      await owner.query('rollback').catch(() => {})
      throw subject.explain(error)
    }
  })
}

/** Tries again what failed for want of a lock, or because it held the app up. */
export async function patiently<Result>(
  run: Run,
  subject: Subject,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const { owner, watch, serving, patience, signal } = run
  const began = performance.now()
  let heldUp = 0
  for (let attempts = 1; ; attempts += 1) {
    const sight = watch.begin(pidOf(owner), serving ? patience.heldUpMs : null)
    try {
      return await attempt()
    } catch (error) {
      const seen = await sight.end()
      if (signal?.aborted || (!lacksLock(error) && seen.heldUp === null)) throw error
      if (seen.heldUp !== null && ++heldUp > patience.heldUpAttempts)
        throw holdsUp(subject, seen.heldUp, error)
      const elapsedMs = performance.now() - began
      if (elapsedMs > patience.totalMs) throw blocked(subject, seen, elapsedMs, error)
      run.say(waits(subject, seen))
      await watch.untilGone(seen.holders, pauseMs(attempts), signal).catch((reason: unknown) => {
        throw subject.explain(reason)
      })
    } finally {
      await sight.end()
    }
  }
}

/**
 * A migration may have changed the session: the next one starts as if it were the first. While the app
 * serves, an index is built by one process and not by as many as there are processors.
 */
export async function resetSession({ owner, serving }: Run): Promise<void> {
  await owner.query('reset session authorization; reset role; reset all')
  if (!serving) return
  await owner.query(
    'set max_parallel_maintenance_workers = 0; set max_parallel_workers_per_gather = 0',
  )
}

/**
 * Autovacuum yields to whoever has waited for `deadlock_timeout`, which is longer than we wait unless
 * we may make it shorter. So a deadlock is found by us, too, and not by the app.
 */
const beginSql = ({ lockTimeoutMs }: Patience): string => `
  begin isolation level read committed read write;
  select set_config('lock_timeout', '${lockTimeoutMs}ms', true),
    case when has_parameter_privilege('deadlock_timeout', 'set')
      then set_config('deadlock_timeout', '5ms', true) end`

const pidOf = (client: Client & { processID?: number | null }): number => client.processID ?? 0

/** The lock was not to be had in time, or two waited for one another. */
function lacksLock(error: unknown): boolean {
  return ['55P03', '40P01'].includes(sqlStateOf(error) ?? '')
}

function sqlStateOf(error: unknown): string | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code
  }
  return null
}

/** Longer each time, and never the same for two. */
function pauseMs(attempts: number): number {
  const longest = Math.min(longestPauseMs, 50 * 1.6 ** attempts)
  return longest * (0.5 + Math.random() / 2)
}

function waits({ name }: Subject, { relation, mode, holders, heldUp }: Seen): string {
  if (heldUp !== null) return `${name} was taken back and is tried again: ${heldUp}`
  const what = relation === null ? 'a lock' : `its lock on ${relation}`
  const kind = mode === null ? '' : ` (${mode.replace(/Lock$/, '')})`
  return `${name} waits for ${what}${kind}${heldBy(holders)}; nothing queues behind it`
}

const heldBy = (holders: Seen['holders']): string =>
  holders.length === 0 ? '' : `, held by ${holders.map(({ words }) => words).join(' and ')}`

function blocked(subject: Subject, seen: Seen, elapsedMs: number, cause: unknown): BanyanError {
  const what = seen.relation === null ? 'a lock' : `its lock on ${seen.relation}`
  const [first] = seen.holders
  const end = first === undefined ? '' : `, or with \`select pg_terminate_backend(${first.pid})\``
  return new BanyanError(
    'BANYAN_MIGRATION_BLOCKED',
    `${subject.name} did not get ${what} within ${Math.round(elapsedMs / 1000)} s${heldBy(seen.holders)}. It was rolled back.`,
    {
      hint: `End the transaction that is in the way where it comes from${end}; then try again.`,
      cause,
      details: { relation: seen.relation, holders: seen.holders.map(({ pid }) => pid) },
    },
  )
}

function holdsUp({ name }: Subject, heldUp: string, cause: unknown): BanyanError {
  return new BanyanError(
    'BANYAN_MIGRATION_UNSAFE',
    `${name} held up the app: ${heldUp}. It was rolled back.`,
    {
      hint: 'Take what is long out of the transaction that locks: an index with CONCURRENTLY, rows in batches with `-- banyan: repeat`, a constraint NOT VALID first (docs/guide/migrations.md).',
      cause,
      details: { migration: name },
    },
  )
}
