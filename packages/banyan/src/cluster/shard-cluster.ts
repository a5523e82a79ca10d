import { isDeepStrictEqual } from 'node:util'
import type { RuntimeMember, RuntimeShard } from '@banyan/model'
import { catalogChannel, holdChannel } from '@banyan/postgres'
import type pg from 'pg'
import { log } from '../log.ts'
import { Announced } from './announced.ts'
import { readCatalog } from './catalog.ts'
import { choosePrimary, type Reign, type Said, termOf } from './choose-primary.ts'
import { parseHold } from './hold-notice.ts'
import { isWatched, writerConfig } from './member-address.ts'
import type { Answer } from './member-facts.ts'
import { noteMembers } from './member-names.ts'
import { Rounds, type Urgency } from './rounds.ts'
import { sayNobody } from './say-nobody.ts'
import { Watcher } from './watcher.ts'

/** The member that takes writes. `term` is null while nobody has been asked: there is one member only. */
export type Primary = { readonly member: RuntimeMember; readonly term: number | null }

/** The last that was heard of a member, and when, on the clock of `performance.now()`. */
export type Heard = Said & { readonly at: number }

export type ShardClusterOptions = {
  /** What is known to begin with; `systemFile` is read again when no member answers. */
  readonly shard: RuntimeShard
  readonly version: number
  readonly reread?: () => { readonly shard: RuntimeShard; readonly version: number } | null
  readonly now?: () => number
  readonly random?: () => number
}

/** For how long it is sought eagerly after the last sign of trouble. */
const alarmMs = 15_000
/** Nobody has answered for this long: perhaps the members are others by now. */
const rereadMs = 500

/**
 * The members of one shard as this process sees them: who they are, which one takes writes, and whether
 * control asks for a pause. One for the whole process, shared by `data` and every `Pool`.
 *
 * Who is primary is asked of the servers (see `choosePrimary`). It stays what it is until another member
 * has a larger term, or until it says itself that it is none: a connection that breaks proves nothing, and
 * where it was the server that died, those who connect again are refused until somebody else takes over.
 * Until it is known, nobody is; a single member is believed unasked.
 *
 * @example
 * const cluster = clusterAt(path, file, shard)
 * const forget = cluster.onChange(() => pool.moveTo(cluster.primary?.member))
 */
export class ShardCluster {
  readonly shard: RuntimeShard
  /** Grows with every change of what is public here. */
  version = 0
  primary: Primary | null
  /** Since when the primary gives no answer to whoever asks what it is; null while it does. */
  silentSince: number | null = null
  #members: readonly RuntimeMember[]
  #catalogVersion: number
  #systemIdentifier: string | null
  /** The largest term ever heard of, from whichever member. */
  #highest = 0
  /** Its term cannot be another member's. */
  #lastReign: Reign | null = null
  /** Since when it is known to reign, and who was seen following when asked after that. */
  #reignSince = 0
  readonly #later = new Set<string>()
  readonly #heard = new Map<string, Heard>()
  readonly #watchers = new Map<string, Watcher>()
  readonly #rounds: Rounds
  readonly #announced = new Announced((what) => this.#hear(what))
  readonly #listeners = new Set<() => void>()
  readonly #options: ShardClusterOptions
  readonly #now: () => number
  #alarmUntil = 0
  #answeredAt = 0
  #rereadAt = 0
  #reading = false
  #isAwake = false
  #strangers = new Set<string>()
  closed = false

  constructor(options: ShardClusterOptions) {
    const { shard, version, now = () => performance.now(), random = Math.random } = options
    this.#options = options
    this.#now = now
    this.#rounds = new Rounds(random)
    this.shard = shard
    this.#members = shard.members
    noteMembers(shard.members)
    this.#catalogVersion = version
    this.#systemIdentifier = shard.systemIdentifier ?? null
    this.primary = believed(shard.members)
    if (shard.members.length > 1) this.wake()
  }

  /** Begins to watch. A single member is not watched before somebody has come for it. */
  wake(): void {
    if (this.#isAwake || this.closed || !this.isWatched) return
    this.#isAwake = true
    this.#answeredAt = this.#now()
    this.#watch()
  }

  get isWatched(): boolean {
    return isWatched(this.shard)
  }

  /** Whether there is, or was, more than one member, so that a connection has to prove whose it is. */
  get hasChoice(): boolean {
    return this.isWatched && (this.#members.length > 1 || this.#highest > 1)
  }

  get members(): readonly RuntimeMember[] {
    return this.#members
  }

  /** Control asks that nothing of the primary is lent for now. */
  get held(): boolean {
    return this.#announced.held
  }

  /** The member that control is about to switch over to; null: none. */
  get heir(): RuntimeMember | null {
    const { heir } = this.#announced
    return this.#members.find(({ name }) => name === heir) ?? null
  }

  /** Everybody but the primary. */
  get replicas(): readonly RuntimeMember[] {
    const name = this.primary?.member.name
    return this.#members.filter((member) => member.name !== name)
  }

  /** What a member said last; null when it gave no answer since. */
  heardOf(name: string): Heard | null {
    return this.#heard.get(name) ?? null
  }

  /** What each member says, in one line: why none of them takes writes. */
  explain(): string {
    const said = new Map(this.#members.map(({ name }) => [name, this.#heard.get(name) ?? null]))
    return sayNobody(said, this.#highest, this.#lastReign, this.shard.foreign === true)
  }

  /** Calls back after every change of members, primary or hold. Gives back a function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** A connection to the primary broke, or could not be made: everybody is asked, soon and often. */
  alarm(): void {
    if (!this.isWatched || this.closed) return
    this.wake()
    const now = this.#now()
    const isNew = now >= this.#alarmUntil
    this.#alarmUntil = now + alarmMs
    if (isNew) this.#hurry()
  }

  /**
   * What somebody else heard of a member on a connection of his own. Returns whether the member is the
   * primary by all that is known now.
   */
  heard(member: RuntimeMember, answer: Answer): boolean {
    this.#note(member, answer)
    return this.primary?.member.name === member.name
  }

  close(): void {
    this.closed = true
    this.#announced.close()
    for (const name of [...this.#watchers.keys()]) this.#unwatch(name)
    this.#listeners.clear()
  }

  /** Begins to watch whoever is new, and ends with whoever is gone. */
  #watch(): void {
    const wanted = new Map(this.#members.map((member) => [member.name, member]))
    for (const [name, watcher] of this.#watchers) {
      const member = wanted.get(name)
      if (member === undefined || !isDeepStrictEqual(member, watcher.member)) this.#unwatch(name)
    }
    for (const member of wanted.values()) {
      if (this.#watchers.has(member.name)) continue
      const config = writerConfig(this.shard, member)
      const watcher = new Watcher(member, config, this.shard.foreign === true, {
        answered: (from, answer, client) => this.#answered(from, answer, client),
        notified: (channel, payload) => this.#notified(channel, payload),
      })
      this.#watchers.set(member.name, watcher)
      void watcher.ask()
    }
  }

  #unwatch(name: string): void {
    this.#watchers.get(name)?.close()
    this.#watchers.delete(name)
    this.#heard.delete(name)
    this.#later.delete(name)
    this.#rounds.forget(name)
  }

  #answered(member: RuntimeMember, answer: Answer | null, client: pg.Client | null): void {
    if (this.closed || this.#watchers.get(member.name)?.member !== member) return
    if (answer === null) this.#silent(member)
    else {
      this.#answeredAt = this.#now()
      this.#rounds.noteAnswer(member.name)
      this.#note(member, answer)
      if (this.primary?.member === member) {
        this.#alarmUntil = 0
        this.silentSince = null
      }
      const { catalogVersion } = answer
      if (catalogVersion !== null && catalogVersion > this.#catalogVersion && client !== null) {
        void this.#readCatalog(client)
      }
    }
    if (this.#watchers.has(member.name)) this.#askLater(member)
  }

  /** The primary that gives no answer is one to be replaced, but it is not replaced by that. */
  #silent(member: RuntimeMember): void {
    this.#rounds.noteSilence(member.name)
    const was = this.#heard.delete(member.name)
    if (this.primary?.member.name === member.name) this.silentSince ??= this.#now()
    if (this.primary === null || this.primary.member.name === member.name) {
      if (was || this.primary === null) this.alarm()
    }
    const now = this.#now()
    if (now - this.#answeredAt >= rereadMs && now - this.#rereadAt >= rereadMs) {
      this.#rereadAt = now
      this.#reread()
    }
  }

  #note(member: RuntimeMember, { askedAt, ...said }: Answer): void {
    const { facts } = said
    if (this.#isStranger(member, facts.systemIdentifier)) return
    this.#heard.set(member.name, { ...said, at: this.#now() })
    if (facts.inRecovery && askedAt > this.#reignSince) this.#later.add(member.name)
    const term = termOf(facts, this.shard.foreign === true)
    if (term !== null && term > this.#highest) this.#highest = term
    this.#decide()
  }

  /** A server of another cluster has nothing to say here. */
  #isStranger({ name, host, port }: RuntimeMember, found: string): boolean {
    this.#systemIdentifier ??= found
    if (found === this.#systemIdentifier) return false
    if (!this.#strangers.has(name)) {
      this.#strangers.add(name)
      const expected = this.#systemIdentifier
      log().error(
        { member: name, host, port, found, expected },
        'server of another cluster left out',
      )
    }
    return true
  }

  #decide(): void {
    const foreign = this.shard.foreign === true
    const reign = choosePrimary(this.#heard, this.#highest, this.#lastReign, foreign, this.#later)
    if (reign !== null) this.#crown(reign)
    else if (this.primary !== null && this.#isDeposed(this.primary)) this.#depose()
  }

  #crown({ name, term }: Reign): void {
    const member = this.#members.find((one) => one.name === name)
    if (member === undefined) return
    const before = this.primary
    if (before?.member === member && before.term === term) return
    this.primary = { member, term }
    const last = this.#lastReign
    if (last?.name !== name || last.term !== term) this.#begin({ name, term })
    if (before?.member === member) {
      if (before.term !== null) this.#changed()
      return
    }
    this.#alarmUntil = 0
    this.silentSince = null
    this.#announced.hold(0)
    const from = last?.name ?? before?.member.name ?? null
    if (from !== null && from !== name) log().warn({ from, to: name, term }, 'primary changed')
    this.#changed()
    this.#announced.expect(null)
  }

  #begin(reign: Reign): void {
    this.#lastReign = reign
    this.#reignSince = performance.now()
    this.#later.clear()
  }

  /** Whether the primary itself, a larger term, or a later promotion says that it is none any more. */
  #isDeposed({ member, term }: Primary): boolean {
    if (term !== null && term < this.#highest) return true
    if (this.#isSucceeded(term)) return true
    const last = this.#heard.get(member.name)
    if (last === undefined) return false
    if (last.facts.inRecovery) return true
    const now = termOf(last.facts, this.shard.foreign === true)
    return now !== null && now < this.#highest
  }

  /** Whether somebody who followed since takes writes with this term: of several it is not known who is the last. */
  #isSucceeded(term: number | null): boolean {
    if (this.shard.foreign !== true || term === null) return false
    return [...this.#later].some((name) => {
      const facts = this.#heard.get(name)?.facts
      return facts?.inRecovery === false && facts.timeline === term
    })
  }

  #depose(): void {
    this.primary = null
    this.silentSince = null
    this.alarm()
    this.#changed()
  }

  #notified(channel: string, payload: string): void {
    if (channel === holdChannel) {
      const notice = parseHold(payload)
      if (notice?.shard !== this.shard.name) return
      if (notice.heir === null) this.#announced.hold(notice.holdMs)
      else this.#announced.expect(notice.heir)
    } else if (channel === catalogChannel && Number(payload) > this.#catalogVersion) {
      for (const watcher of this.#watchers.values()) void watcher.ask()
    }
  }

  #hear(what: 'hold' | 'heir'): void {
    const { held } = this
    if (what === 'hold' && held) this.#hurry()
    this.#changed()
    if (what === 'hold') for (const watcher of this.#watchers.values()) watcher.show(held)
  }

  async #readCatalog(client: pg.Client): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      const listed = await readCatalog(client, this.shard.name)
      if (listed !== null && listed.version > this.#catalogVersion) {
        this.#catalogVersion = listed.version
        this.#adopt(listed.members)
      }
    } catch {
      // The next answer that tells of a newer version leads here again.
    } finally {
      this.#reading = false
    }
  }

  /** The file is written anew at every change; it may know of members that no member could tell of. */
  #reread(): void {
    const found = this.#options.reread?.() ?? null
    if (found === null || this.closed) return
    this.#catalogVersion = Math.max(this.#catalogVersion, found.version)
    this.#adopt(found.shard.members)
  }

  #adopt(members: readonly RuntimeMember[]): void {
    if (this.closed || isDeepStrictEqual(members, this.#members)) return
    noteMembers(members)
    this.#members = members.map(
      (member) => this.#members.find((known) => isDeepStrictEqual(known, member)) ?? member,
    )
    const { primary } = this
    if (primary !== null && !this.#members.includes(primary.member)) {
      this.primary = primary.term === null ? believed(this.#members) : null
      this.alarm()
    }
    if (this.#isAwake) this.#watch()
    this.#decide()
    this.#changed()
  }

  #changed(): void {
    this.version += 1
    for (const listener of [...this.#listeners]) listener()
  }

  /** Whoever answers is asked at once, and then often. */
  #hurry(): void {
    for (const { member } of this.#watchers.values()) {
      const { name } = member
      if (!this.#rounds.isSilent(name)) this.#rounds.now(name, () => this.#ask(name))
    }
  }

  #askLater({ name }: RuntimeMember): void {
    if (!this.closed) this.#rounds.next(name, this.#urgencyOf(name), () => this.#ask(name))
  }

  #ask(name: string): void {
    void this.#watchers.get(name)?.ask()
  }

  #urgencyOf(name: string): Urgency {
    if (this.held && this.#announced.heir === name) return 'heir'
    if (this.held || this.#now() < this.#alarmUntil) return 'seek'
    return this.hasChoice ? 'calm' : 'alone'
  }
}

/** With nobody beside it a member need not be asked. */
const believed = (members: readonly RuntimeMember[]): Primary | null => {
  const [only, ...others] = members
  return only === undefined || others.length > 0 ? null : { member: only, term: null }
}
