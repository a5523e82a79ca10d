import type { RuntimeMember } from '@banyan/model'
import { catalogChannel, holdChannel, holdingName, watcherName } from '@banyan/postgres'
import pg from 'pg'
import { GrowingPatience } from '../growing-patience.ts'
import { lateAfter } from '../late-after.ts'
import { cut, letExit } from '../pool/client.ts'
import { type Answer, askMember } from './member-facts.ts'

/** Whom a watcher tells what it hears. */
export type Listener = {
  /** Null: it gave no answer. */
  answered(member: RuntimeMember, answer: Answer | null, client: pg.Client | null): void
  notified(channel: string, payload: string): void
}

/** How long a member may take to answer, and to let a watcher in: the latter longer each time that it was too short. */
const patienceMs = 1_000

/**
 * One kept connection to one member, which is asked what the member is, and listens while it is the
 * primary. It never keeps the process running.
 */
export class Watcher {
  readonly member: RuntimeMember
  readonly #config: pg.ClientConfig
  readonly #foreign: boolean
  readonly #listener: Listener
  #client: pg.Client | null = null
  #listening = false
  #asking = false
  #name: string = watcherName
  readonly #entry = new GrowingPatience(patienceMs)
  closed = false

  constructor(
    member: RuntimeMember,
    config: pg.ClientConfig,
    foreign: boolean,
    listener: Listener,
  ) {
    this.member = member
    this.#config = config
    this.#foreign = foreign
    this.#listener = listener
  }

  get asking(): boolean {
    return this.#asking
  }

  /** Asks the member, on a new connection where there is none, and tells what it said. */
  async ask(): Promise<void> {
    if (this.#asking || this.closed) return
    this.#asking = true
    const isNew = this.#client === null
    const drop = (): void => {
      if (isNew) this.#entry.wasTooShort()
      this.#drop()
    }
    const endWait = lateAfter(isNew ? this.#entry.ms : patienceMs, drop, { keepsAlive: false })
    let answer: Answer | null = null
    try {
      answer = await this.#answer()
      this.#entry.wasEnough()
    } catch {
      this.#drop()
    }
    endWait()
    this.#asking = false
    if (!this.closed) this.#listener.answered(this.member, answer, this.#client)
  }

  /** Shows control, which looks at the sessions of the primary, whether this process holds. */
  show(held: boolean): void {
    this.#name = held ? holdingName : watcherName
    const text = `set application_name = '${this.#name}'`
    if (this.#listening) this.#client?.query(text).catch(() => {})
  }

  close(): void {
    this.closed = true
    this.#drop()
  }

  async #answer(): Promise<Answer> {
    const client = this.#client ?? (await this.#connect())
    const answer = await askMember(client, this.#foreign)
    if (answer.facts.inRecovery || this.#foreign || this.#listening) return answer
    // Listen first, then look: what was announced in between would be missed for good.
    await client.query(`listen ${catalogChannel}; listen ${holdChannel}`)
    this.#listening = true
    return await askMember(client, this.#foreign)
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      ...this.#config,
      application_name: this.#name,
      keepAlive: true,
    })
    this.#client = client
    this.#listening = false
    client.on('error', () => {})
    client.on('notification', ({ channel, payload }) =>
      this.#listener.notified(channel, payload ?? ''),
    )
    client.once('end', () => this.#lost(client))
    letExit(client)
    await client.connect()
    return client
  }

  /** The server is gone, or lets nobody in: that is worth an answer of its own. */
  #lost(client: pg.Client): void {
    if (this.#client !== client) return
    this.#client = null
    this.#listening = false
    if (!this.#asking && !this.closed) this.#listener.answered(this.member, null, null)
  }

  #drop(): void {
    const client = this.#client
    this.#client = null
    this.#listening = false
    // No farewell: a client that was told to end while it connects never says how that went.
    if (client !== null) cut(client)
  }
}
