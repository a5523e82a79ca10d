import { setTimeout as sleep } from 'node:timers/promises'
import { plantedFault } from '@banyan/postgres'
import type { ShardCluster } from '../cluster/shard-cluster.ts'
import type { Patience } from '../data/shard.ts'
import type { Compiled } from '../data/sql.ts'
import type { Consistency } from '../data/types.ts'
import { unavailable } from '../pool/refusals.ts'
import type { CallerSession } from '../session/caller-session.ts'
import { callerMark } from './caller.ts'
import { choose } from './choose.ts'
import { type Reason, readCounts, readsByLevel } from './counts.ts'
import { Crowd } from './crowd.ts'
import { Deadline } from './deadline.ts'
import { Kept } from './kept.ts'
import { Latency, trusting } from './latency.ts'
import { laterMark, type Mark, type Position } from './position.ts'
import { ReadMember } from './read-member.ts'
import { pauseMs, payersMin, Sampler, shareMin } from './sampler.ts'
import { untilReached } from './until-reached.ts'

/** How long a read waits for a replica before it goes to the primary. */
const waitMs = 50
const tendMs = 250
/** How long it is believed who is near. */
const nearForMs = 20
/** Between two attempts to learn where a write lies. */
const againMs = 10
/** Between two looks for a primary of a later term. */
const seekMs = 20
const lagBytesMaxDefault = 16 * 1_024 * 1_024

/** Whoever wants to know where the primary is; a read also wants a replica that has got there. */
type Arrival = {
  readonly isRead: boolean
  readonly done: (mark: Mark | null, reason: Reason) => void
}

type Level = Exclude<Consistency, object>

/** Runs a statement on the primary, and gives its rows. */
type AskPrimary = (compiled: Compiled) => Promise<unknown[]>

/**
 * Reads on the replicas of one shard. `strong` samples the primary after the read has come, and takes a
 * replica that has replayed the sample; `session` takes one that has replayed what the caller wrote;
 * `eventual` any that is not too far behind. Where there is none, and for everything else, the primary is
 * asked, which is what null means here.
 */
export class ShardReads {
  /** Whether there is anybody but the primary. */
  hasReplicas = false
  readonly #cluster: ShardCluster
  readonly #connectionsMax: number
  readonly #patience: Patience
  readonly #members = new Map<string, ReadMember>()
  readonly #sampler: Sampler<Arrival>
  readonly #lagBytesMax: bigint
  readonly #forget: () => void
  #replicas: readonly ReadMember[] = []
  readonly #crowd = new Crowd()
  readonly #kept = new Kept<ReadMember>()
  readonly #primaryLatency = new Latency(trusting)
  /** Of the sample that is under way. */
  readonly #deadline = new Deadline(waitMs)
  /** The latest mark that a session of this process was told. */
  #written: Mark | null = null
  #near: readonly ReadMember[] = []
  #nearUntilMs = 0
  #tending: NodeJS.Timeout | undefined
  #closed = false

  constructor(cluster: ShardCluster, connectionsMax: number, patience: Patience) {
    this.#cluster = cluster
    this.#connectionsMax = connectionsMax
    this.#patience = patience
    this.#lagBytesMax = BigInt(cluster.shard.lagBytesMax ?? lagBytesMaxDefault)
    this.#sampler = new Sampler({
      ask: (sampled) => this.#sample(sampled),
      serve: (mark, arrivals) => this.#serve(mark, arrivals),
      isThrifty: () => this.#crowd.isSteady,
      now: () => performance.now(),
      later: (call, delayMs) => void setTimeout(call, delayMs),
    })
    this.#forget = cluster.onChange(() => this.#follow())
    this.#follow()
  }

  /**
   * A strong read has come. Since when, where the primary answers it sooner than anybody else: then it is asked,
   * and {@link answered} told. Null: it is for {@link read}.
   */
  come(): number | null {
    const nowMs = performance.now()
    this.#crowd.come(nowMs)
    this.#sampler.pay(nowMs)
    if (!this.#isSooner(nowMs)) return null
    readCounts.onPrimary.sooner += 1
    return nowMs
  }

  /** The primary has answered a read that came then, or failed to. */
  answered(sinceMs: number): void {
    const nowMs = performance.now()
    this.#crowd.go()
    this.#primaryLatency.observe(nowMs - sinceMs, nowMs)
  }

  /** Runs a read on a replica that may answer it, else by `primary`, who asks the primary. A strong one has come. */
  read(compiled: Compiled, level: Level, primary: AskPrimary): Promise<unknown[]> {
    if (level === 'strong') return this.#readStrong(compiled, level, primary)
    if (level === 'eventual') return this.#ask(compiled, null, level, primary)
    const caller = this.#callerMark()
    if (caller !== undefined) return this.#readAfter(caller, compiled, primary)
    const sinceMs = this.come()
    return sinceMs === null
      ? this.#readStrong(compiled, level, primary)
      : this.#askTimed(compiled, primary, sinceMs)
  }

  /** Each is counted while it is under way, wherever that is. */
  #readStrong(compiled: Compiled, level: Level, primary: AskPrimary): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      const elsewhere = (reason: Reason): void => {
        readCounts.onPrimary[reason] += 1
        resolve(this.#askTimed(compiled, primary, performance.now()))
      }
      const done = (mark: Mark | null, reason: Reason): void => {
        const replica = mark === null ? null : this.#choose(mark)
        const life = replica?.wire.life ?? null
        if (replica === null || life === null) {
          elsewhere(mark === null ? reason : 'behind')
          return
        }
        replica.read(compiled, life, (error, result) => {
          if (error === null && result === null) {
            elsewhere('refused')
            return
          }
          this.#crowd.go()
          if (result === null) reject(error)
          else {
            countReplica(level)
            resolve(result.rows)
          }
        })
      }
      this.#sampler.join({ isRead: true, done })
    })
  }

  /**
   * Whether the primary answers sooner than a sample can be had that enough reads share. Only callers who
   * each read one thing after the other, and fast, come to that: half of them wait and use replicas, the
   * others keep the primary busy meanwhile, as long as it takes no longer for a read than they would wait.
   * The more load there is on it, the longer it takes, the more reads are under way, and the more are
   * replicas'.
   */
  #isSooner(nowMs: number): boolean {
    const { isSteady, size } = this.#crowd
    // Enough of them wait soon when half of them do.
    if (!isSteady || size >= 2 * shareMin) return false
    const { waiting, saved } = this.#sampler
    const half = size / 2
    if (waiting + 1 <= half && saved + half / payersMin >= 1) return false
    const replicaMs = this.#replicas[0]?.latency.expectedMs(nowMs) ?? 0
    return this.#primaryLatency.expectedMs(nowMs) <= replicaMs + pauseMs
  }

  #askTimed(compiled: Compiled, primary: AskPrimary, sinceMs: number): Promise<unknown[]> {
    const answer = primary(compiled)
    const over = (): void => this.answered(sinceMs)
    answer.then(over, over)
    return answer
  }

  async #readAfter(
    caller: Mark | null,
    compiled: Compiled,
    primary: AskPrimary,
  ): Promise<unknown[]> {
    const mark = await this.#reach(caller)
    if (mark !== undefined) return await this.#ask(compiled, mark, 'session', primary)
    readCounts.onPrimary.behind += 1
    return await primary(compiled)
  }

  #ask(
    compiled: Compiled,
    mark: Mark | null,
    level: Level,
    primary: AskPrimary,
  ): Promise<unknown[]> {
    const replica = this.#choose(mark)
    const life = replica?.wire.life ?? null
    if (replica === null || life === null) {
      readCounts.onPrimary.behind += 1
      return primary(compiled)
    }
    return new Promise((resolve, reject) => {
      replica.read(compiled, life, (error, result) => {
        if (result !== null) {
          countReplica(level)
          resolve(result.rows)
        } else if (error === null) {
          readCounts.onPrimary.refused += 1
          resolve(primary(compiled))
        } else reject(error)
      })
    })
  }

  /** What a caller has written, once a replica has it; undefined: none has in time. Null: it is nothing. */
  async #reach(mark: Mark | null): Promise<Mark | null | undefined> {
    if (mark === null || this.#hasAny(mark)) return mark
    if (await this.#until(mark, waitMs)) return mark
    await this.#untilTerm(mark.term)
    return undefined
  }

  /**
   * A caller has seen a later term than the primary's, as far as this process knows: that one is superseded
   * and would show too little. Whoever has the term is sought, for as long as requests are held.
   */
  async #untilTerm(term: number): Promise<void> {
    const { timeMs } = this.#patience.hold
    const untilMs = performance.now() + timeMs
    for (;;) {
      const { primary } = this.#cluster
      if (primary !== null && (primary.term ?? term) >= term) return
      if (performance.now() >= untilMs || this.#closed) {
        throw unavailable('of the system', `nobody has the term ${term} here`, null, 0, timeMs)
      }
      this.#cluster.alarm()
      await sleep(seekMs)
    }
  }

  /**
   * Tells a caller's session what lies behind what it just wrote. The sample is sent after the commit was
   * acknowledged. Where the primary is gone by then and no other comes, the position is one that nobody
   * reaches in this term: the caller reads from primaries until there is a new term, which has all of it.
   */
  async noteWrite(session: CallerSession): Promise<void> {
    const { shard, isWatched } = this.#cluster
    if (!isWatched) return
    const mark = (await this.#markPatiently()) ?? this.#unreachable()
    this.#written = this.#written === null ? mark : laterMark(this.#written, mark)
    session.wrote(shard.name, mark)
  }

  async #markPatiently(): Promise<Mark | null> {
    const untilMs = performance.now() + this.#patience.hold.timeMs
    for (;;) {
      const mark = await this.#arrive()
      if (mark !== null || this.#closed || performance.now() >= untilMs) return mark
      await sleep(againMs)
    }
  }

  #unreachable(): Mark {
    return { term: this.#cluster.primary?.term ?? 1, lsn: 2n ** 64n - 1n }
  }

  /**
   * What a caller must see: what its tokens say, and what this process wrote for anybody, since an answer
   * with an older token may have overtaken one with a newer.
   */
  #callerMark(): Mark | null | undefined {
    const mark = callerMark(this.#cluster.shard.name)
    if (mark === undefined || this.#written === null) return mark
    return mark === null ? this.#written : laterMark(mark, this.#written)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#forget()
    clearInterval(this.#tending)
    this.#deadline.close()
    await Promise.all([...this.#members.values()].map((member) => member.close()))
  }

  #arrive(): Promise<Mark | null> {
    return new Promise((done) => this.#sampler.join({ isRead: false, done }))
  }

  /** Asks the primary where it is. What is not the primary any more, or too slow, gives no sample. */
  #sample(sampled: (mark: Mark | null) => void): void {
    const primary = this.#cluster.primary
    const asked = primary === null ? undefined : this.#open(primary.member)
    if (asked === undefined || !asked.wire.isOpen) {
      asked?.wire.open()
      process.nextTick(sampled, null)
      return
    }
    let isOver = false
    const finish = (position: Position | null): void => {
      if (isOver) return
      isOver = true
      this.#deadline.end()
      const isStill = this.#cluster.primary?.member === primary?.member
      const isPrimary = position?.inRecovery === false && position.term >= (primary?.term ?? 0)
      sampled(isStill && isPrimary ? position : null)
    }
    this.#deadline.begin(() => finish(null))
    asked.wire.ask(finish)
  }

  #serve(mark: Mark | null, arrivals: readonly Arrival[]): void {
    if (mark === null || this.#hasAny(mark)) {
      for (const { done } of arrivals) done(mark, 'unsampled')
      return
    }
    const reads: Arrival[] = []
    for (const arrival of arrivals) {
      if (arrival.isRead) reads.push(arrival)
      else arrival.done(mark, 'unsampled')
    }
    if (reads.length === 0) return
    void this.#until(mark, waitMs).then((reached) => {
      for (const { done } of reads) done(reached ? mark : null, 'behind')
    })
  }

  /** Whether a replica is known to have got there. What is known of the others is kept fresh in passing. */
  #hasAny(mark: Mark): boolean {
    let found = false
    for (const { wire, tracker } of this.#replicas) {
      if (!wire.isOpen) continue
      if (tracker.hasReached(mark) || plantedFault === 'ignores-lsn') found = true
      else tracker.refresh()
    }
    return found
  }

  #until(mark: Mark, timeoutMs: number): Promise<boolean> {
    const trackers = this.#replicas
      .filter((replica) => replica.wire.isOpen && replica.tracker.keepsUp && this.#isNear(replica))
      .map(({ tracker }) => tracker)
    if (trackers.length === 0) return Promise.resolve(false)
    return new Promise((resolve) => untilReached(trackers, mark, timeoutMs, resolve))
  }

  #choose(mark: Mark | null): ReadMember | null {
    const nowMs = performance.now()
    const kept = this.#kept.at(nowMs)
    if (
      kept !== null &&
      (mark === null ? this.#nearAt(nowMs).includes(kept) : this.#has(kept, mark))
    )
      return kept
    const able =
      mark === null
        ? this.#nearAt(nowMs)
        : this.#replicas.filter((replica) => this.#has(replica, mark))
    return this.#kept.keep(choose(able, nowMs, Math.random), nowMs)
  }

  /** Whether it has got there in the life that it has now. */
  #has({ wire, tracker }: ReadMember, mark: Mark): boolean {
    return wire.isOpen && (tracker.hasReached(mark) || plantedFault === 'ignores-lsn')
  }

  /** Those that are not too far behind, which members are asked for twice a second only. */
  #nearAt(nowMs: number): readonly ReadMember[] {
    if (nowMs >= this.#nearUntilMs || this.#near.some(({ wire }) => !wire.isOpen)) {
      this.#near = this.#replicas.filter((replica) => replica.wire.isOpen && this.#isNear(replica))
      this.#nearUntilMs = nowMs + nearForMs
    }
    return this.#near
  }

  /** Whether it is not too far behind, by what both were last heard to say. */
  #isNear({ member }: ReadMember): boolean {
    const { primary, shard } = this.#cluster
    const last = this.#cluster.heardOf(member.name)
    if (last === null) return false
    const first = primary === null ? null : this.#cluster.heardOf(primary.member.name)
    if (first === null) return true
    if (shard.foreign !== true && last.facts.term !== first.facts.term) return false
    const behind = first.facts.walLsn - last.facts.replayLsn
    return behind <= this.#lagBytesMax
  }

  /** Members come and go, and change their roles. */
  #follow(): void {
    if (this.#closed) return
    const { members, replicas, isWatched } = this.#cluster
    for (const [name, known] of this.#members) {
      if (members.includes(known.member)) continue
      this.#members.delete(name)
      known.leave()
      void known.close()
    }
    this.hasReplicas = isWatched && replicas.length > 0 && members.length > 1
    this.#replicas = this.hasReplicas ? replicas.map((member) => this.#open(member)) : []
    this.#nearUntilMs = 0
    const primary = this.#cluster.primary?.member
    if (this.hasReplicas && primary !== undefined) this.#open(primary)
    // Once what has arrived is read: where this process was held up, nobody is silent for that.
    const tend = (): void => void setImmediate(() => this.#tend())
    if (this.hasReplicas) this.#tending ??= setInterval(tend, tendMs).unref()
  }

  #open(member: ReadMember['member']): ReadMember {
    const known = this.#members.get(member.name)
    if (known !== undefined) return known
    const opened = new ReadMember(this.#cluster, member, this.#connectionsMax, this.#patience)
    this.#members.set(member.name, opened)
    opened.wire.open()
    return opened
  }

  #tend(): void {
    if (this.#closed) return
    const nowMs = performance.now()
    for (const member of this.#members.values()) member.tend(nowMs)
  }
}

function countReplica(level: Level): void {
  readCounts.onReplicas += 1
  readsByLevel[level].replica += 1
}
