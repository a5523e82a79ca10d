import { setTimeout as sleep } from 'node:timers/promises'
import { type MemberRow, memberFactsOf, memberFactsSql, parseLsn } from '@banyan/postgres'
import type { Client } from 'pg'
import type { MemberAnswer } from '../../../shard/member.ts'
import { type AdminOptions, adminClient } from './admin.ts'
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
  #client: Client | null = null
  #isEarly = false
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
    const client = this.#client
    this.#client = null
    // Whose query was not answered is cut off.
    void client?.end().catch(() => {})
  }

  async #askOnce(timeoutMs: number): Promise<MemberAnswer | null> {
    const over = new AbortController()
    const late = sleep(timeoutMs, null, { signal: over.signal }).catch(() => null)
    const answer = await Promise.race([this.#answer(timeoutMs).catch(() => null), late])
    over.abort()
    if (answer === null) this.close()
    return answer
  }

  async #answer(timeoutMs: number): Promise<MemberAnswer> {
    const client = this.#client ?? (await this.#connect(timeoutMs))
    const { withTerm } = this.#options
    const answer = await query(client, withTerm).catch(async (error) => {
      if (!withTerm || !isNoTable(error)) throw error
      return await query(client, false)
    })
    // The next question looks for the system's own database again.
    if (this.#isEarly) this.close()
    return { ...answer, broken: await this.#whyBroken(answer) }
  }

  async #whyBroken({ inRecovery, follows }: Facts): Promise<string | null> {
    const { logFile } = this.#options
    const mayBe = inRecovery && follows === null && logFile !== undefined
    return mayBe ? await whyNotFollowing(logFile) : null
  }

  /** Before its first migration a server has only the database that every server has. */
  async #connect(timeoutMs: number): Promise<Client> {
    this.#isEarly = false
    try {
      return await this.#open(this.#options, timeoutMs)
    } catch (error) {
      if (!isNoDatabase(error)) throw error
      this.#isEarly = true
      return await this.#open({ ...this.#options, database: 'postgres' }, timeoutMs)
    }
  }

  async #open(options: AdminOptions, timeoutMs: number): Promise<Client> {
    const client = adminClient(options, timeoutMs)
    this.#client = client
    client.on('error', () => this.#lost(client))
    client.on('end', () => this.#lost(client))
    await client.connect()
    return client
  }

  /** One that was let go is no loss. */
  #lost(client: Client): void {
    if (this.#client !== client) return
    this.#client = null
    this.#options.onLost?.()
  }
}

const isNoDatabase = (error: unknown): boolean => (error as { code?: unknown }).code === '3D000'

const isNoTable = (error: unknown): boolean =>
  ['42P01', '3F000'].includes(String((error as { code?: unknown }).code))

const questionSql = (withTerm: boolean): string => `
  select f.*, not f.in_recovery or pg_last_wal_receive_lsn() is not null as complete,
    (select json_build_object('host', sender_host, 'port', sender_port)
     from pg_stat_wal_receiver where status = 'streaming') as follows,
    (select coalesce(json_agg(json_build_object('name', application_name,
       'streaming', state = 'streaming', 'flushLsn', coalesce(flush_lsn, '0/0')::text)), '[]')
     from pg_stat_replication) as followers
  from (${memberFactsSql(withTerm)}) f`

type Facts = Omit<MemberAnswer, 'broken'>

type Row = MemberRow & {
  readonly complete: boolean
  readonly follows: MemberAnswer['follows']
  readonly followers: readonly { name: string; streaming: boolean; flushLsn: string }[]
}

async function query(client: Client, withTerm: boolean): Promise<Facts> {
  const { rows } = await client.query<Row>(questionSql(withTerm))
  const row = rows[0] as Row
  const followers = row.followers.map((one) => ({ ...one, flushLsn: parseLsn(one.flushLsn) }))
  return { ...memberFactsOf(row), complete: row.complete, follows: row.follows, followers }
}
