import { setTimeout as sleep } from 'node:timers/promises'
import type { BanyanError } from '@banyan/model'
import { memberFactsOf, memberFactsSql } from '@banyan/postgres'
import { Client } from 'pg'
import { explain } from './explain.ts'
import { leaderOf, type MemberState, type Seen, statesOf } from './seen-members.ts'
import { type Place, placed, type Target } from './target.ts'

const everyMs = 1_000
const timeoutMs = 2_000

/** What one member is, asked every second over one session that stays open while it answers. */
class MemberEye {
  seen: Seen
  readonly #target: Target
  readonly #heard: () => void
  #client: Client | null = null

  constructor(target: Target, place: Place, heard: () => void) {
    this.#target = target
    this.#heard = heard
    this.seen = { place, facts: null, missing: null, sinceMs: Date.now() }
  }

  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look()
      this.#heard()
      await sleep(everyMs, null, { signal }).catch(() => {})
    }
    this.#drop()
  }

  async #look(): Promise<void> {
    const { place, facts: before, sinceMs } = this.seen
    const since = (isSame: boolean): number => (isSame ? sinceMs : Date.now())
    try {
      const { rows } = await (this.#client ?? (await this.#open())).query(memberFactsSql(false))
      const facts = memberFactsOf(rows[0])
      this.seen = { place, facts, missing: null, sinceMs: since(before !== null) }
    } catch (error) {
      this.#drop()
      const missing = sayWhy(explain(error, placed(this.#target, place)))
      this.seen = { place, facts: null, missing, sinceMs: since(before === null) }
    }
  }

  async #open(): Promise<Client> {
    const client = new Client({
      connectionString: this.seen.place.url,
      application_name: 'banyan',
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      keepAlive: true,
    })
    client.on('error', () => {})
    this.#client = client
    await client.connect()
    return client
  }

  #drop(): void {
    void this.#client?.end().catch(() => {})
    this.#client = null
  }
}

/** Watches every server of a list, for `banyan status`: nothing rests on what it finds. */
export class MemberWatch {
  readonly #eyes: readonly MemberEye[]
  #last: Place | null = null
  #watching: AbortController | null = null

  constructor(target: Target) {
    const heard = (): void => {
      this.#last = leaderOf(this.#eyes.map(({ seen }) => seen))?.place ?? this.#last
    }
    this.#eyes = target.members.map((place) => new MemberEye(target, place, heard))
  }

  start(): void {
    if (this.#watching !== null) return
    const watching = new AbortController()
    this.#watching = watching
    for (const eye of this.#eyes) void eye.watch(watching.signal)
  }

  stop(): void {
    this.#watching?.abort()
    this.#watching = null
  }

  get states(): readonly MemberState[] {
    return statesOf(
      this.#eyes.map(({ seen }) => seen),
      this.#last,
    )
  }
}

/** Without the name of the database, which the sentence says already. */
export const sayWhy = (error: BanyanError): string =>
  error.message.replace(/^The adopted database \S+ /, '').replace(/\.$/, '')
