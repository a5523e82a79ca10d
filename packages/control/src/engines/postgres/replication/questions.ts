import { setTimeout as sleep } from 'node:timers/promises'
import { type MemberRow, memberFactsOf, memberFactsSql, parseLsn } from '@banyan/postgres'
import type { Client } from 'pg'
import type { MemberAnswer } from '../../../shard/member.ts'
import { type AdminOptions, adminClient } from './admin.ts'
import { isFollowers } from './slots.ts'
import { whyNotFollowing } from './why-not-following.ts'

export type QuestionsOptions = AdminOptions & {
  /** Whether the database has terms; a member without the table answers without one. */
  readonly withTerm: boolean
  /** Of the server: where it says why it cannot follow. Without it nobody finds out. */
  readonly logFile?: string
  /** Hears at once that the connection has ended, which the death of the server does. */
  readonly onLost?: () => void
}

/**
 * Asks one member again and again, on a connection that is kept: a new one would cost the server a
 * process, and would find no place when the app has taken them all.
 *
 * @example
 * const questions = new MemberQuestions({ place, adminPassword, database: 'notes', withTerm: true })
 * const answer = await questions.ask(200) // null when it does not answer in time
 */
export class MemberQuestions {
  readonly #options: QuestionsOptions
  #session: Session | null = null
  #asking: Promise<MemberAnswer | null> | null = null

  constructor(options: QuestionsOptions) {
    this.#options = options
  }

  /** What the member says; null when it does not within the time, or refuses. Whoever asks at the same time shares the answer. */
  async ask(timeoutMs: number): Promise<MemberAnswer | null> {
    this.#asking ??= this.#askOnce(timeoutMs).finally(() => {
      this.#asking = null
    })
    return await this.#asking
  }

  /** Lets the connection go. */
  close(): void {
    const session = this.#session
    this.#session = null
    // Whose query was not answered is cut off.
    void session?.client.end().catch(() => {})
  }

  /**
   * An answer that comes too late is an answer to a question of the past, and is dropped. The connection
   * stays for a while: on a busy machine a new one would come later still.
   */
  async #askOnce(timeoutMs: number): Promise<MemberAnswer | null> {
    if (this.#session !== null && isStuck(this.#session)) this.close()
    const over = new AbortController()
    const late = sleep(timeoutMs, null, { signal: over.signal }).catch(() => null)
    const answer = this.#answer(over.signal).catch(() => null)
    try {
      return await Promise.race([answer, late])
    } finally {
      over.abort()
    }
  }

  async #answer(over: AbortSignal): Promise<MemberAnswer> {
    this.#session ??= this.#open()
    const session = this.#session
    try {
      await session.ready
      over.throwIfAborted()
      const asked = this.#query(session.client)
      session.ready = asked
      session.sinceMs = performance.now()
      const answer = await asked
      session.sinceMs = Number.POSITIVE_INFINITY
      return { ...answer, broken: await this.#whyBroken(answer) }
    } catch (error) {
      if (!over.aborted && this.#session === session) this.close()
      throw error
    }
  }

  async #query(client: Client): Promise<Facts> {
    const { withTerm } = this.#options
    return await query(client, withTerm).catch(async (error) => {
      if (!withTerm || !isNoTable(error)) throw error
      return await query(client, false)
    })
  }

  async #whyBroken({ inRecovery, follows }: Facts): Promise<string | null> {
    const { logFile } = this.#options
    const mayBe = inRecovery && follows === null && logFile !== undefined
    return mayBe ? await whyNotFollowing(logFile) : null
  }

  #open(): Session {
    const client = adminClient(this.#options, patienceMs)
    const session: Session = { client, ready: client.connect(), sinceMs: performance.now() }
    const forget = (): void => {
      if (this.#session === session) this.#session = null
    }
    session.ready.catch(forget)
    client.on('error', forget)
    client.on('end', forget)
    return session
  }
}

/** A connection, from its first moment on. */
type Session = {
  readonly client: Client
  /** Settled when the next question may be asked. */
  ready: Promise<unknown>
  /** Since when it is waited for. */
  sinceMs: number
}

/** A connection that has not answered for so long is given up. */
const patienceMs = 3_000

const isStuck = ({ sinceMs }: Session): boolean => performance.now() - sinceMs > patienceMs

const isNoTable = (error: unknown): boolean =>
  ['42P01', '3F000'].includes(String((error as { code?: unknown }).code))

const questionSql = (withTerm: boolean): string => `
  select f.*, not f.in_recovery or pg_last_wal_receive_lsn() is not null as complete,
    (select json_build_object('host', sender_host, 'port', sender_port)
     from pg_stat_wal_receiver where status = 'streaming') as follows,
    (select coalesce(json_agg(json_build_object('name', application_name, 'pid', pid,
       'streaming', state = 'streaming', 'flushLsn', coalesce(flush_lsn, '0/0')::text)), '[]')
     from pg_stat_replication) as followers,
    exists (select from pg_replication_slots where ${isFollowers}) as prepared
  from (${memberFactsSql(withTerm)}) f`

type Facts = Omit<MemberAnswer, 'broken'>

type Row = MemberRow & {
  readonly complete: boolean
  readonly follows: MemberAnswer['follows']
  readonly followers: readonly { name: string; pid: number; streaming: boolean; flushLsn: string }[]
  readonly prepared: boolean
}

async function query(client: Client, withTerm: boolean): Promise<Facts> {
  // Planned once for each connection: it is asked several times a second for as long as the server lives.
  const name = withTerm ? 'banyan_question' : 'banyan_question_without_term'
  const { rows } = await client.query<Row>({ name, text: questionSql(withTerm) })
  const row = rows[0] as Row
  const followers = row.followers.map((one) => ({ ...one, flushLsn: parseLsn(one.flushLsn) }))
  const { complete, follows, prepared } = row
  return { ...memberFactsOf(row), complete, follows, followers, prepared }
}
