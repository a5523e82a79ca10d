import { plantedFault } from '@banyan/postgres'
import { pauseBeforeStartMs } from '../supervise/backoff.ts'
import { Attempts } from './attempts.ts'
import type { Life, Member, MemberAnswer } from './member.ts'
import type { ShardRecord } from './record.ts'
import { type JobKind, leaderOf, type MemberView } from './view.ts'

/** How long a server may take to answer. One that stands still is not asked. */
const askMs = 500
/** While nobody takes writes, nobody waits for one who is slow: it is asked again. */
const hastyAskMs = 150

type Track = {
  life: Life
  lifeSinceMs: number
  silentSinceMs: number | null
  unanswered: number
  awaySinceMs: number | null
  failures: number
  retryAtMs: number
  told: { readonly leader: string; readonly atMs: number } | null
  walLsn: bigint
  readonly attempts: Attempts
}

export type Seen = {
  readonly member: Member
  readonly life: Life
  readonly answer: MemberAnswer | null
}

/** Looks at the members, and keeps since when each of them has been as it is. */
export class Observer {
  readonly #now: () => number
  readonly #tracks = new Map<string, Track>()
  #openAtMs: number
  #leader: string | null = null
  #isOpen = false
  /** Somebody takes writes, though it may not be the primary yet. */
  #isLed = false

  constructor(now: () => number) {
    this.#now = now
    this.#openAtMs = now()
  }

  /** Looks at everybody first and asks then, so that an answer is younger than the death of another. */
  async look(members: readonly Member[]): Promise<Seen[]> {
    const waitMs = this.#isOpen ? askMs : hastyAskMs
    const lives = await Promise.all(members.map(lifeOf))
    return await Promise.all(
      members.map(async (member, index) => {
        const life = lives[index] ?? 'running'
        const answer = life === 'running' ? await member.ask(waitMs).catch(() => null) : null
        return { member, life, answer }
      }),
    )
  }

  /** Takes in what was seen. */
  note(seen: readonly Seen[], record: ShardRecord): void {
    const leader = leaderOf(record)
    const open = seen.find(({ member }) => member.place.name === leader)
    const isOpen = open?.life === 'running' && open.answer?.inRecovery === false
    if (isOpen || leader !== this.#leader) this.#openAtMs = this.#now()
    this.#leader = leader
    this.#isOpen = isOpen && record.promotion === null
    this.#isLed = isOpen
    const growing = seen.filter((one) => this.#noteOne(one, isOpen ? (open?.answer ?? null) : null))
    if (leader !== null && growing.length > 0) this.#hear(leader)
  }

  get downForMs(): number {
    return this.#now() - this.#openAtMs
  }

  view({ member, life, answer }: Seen, busy: JobKind | null): MemberView {
    const { place } = member
    const track = this.#trackOf(place.name)
    const forMs = (since: number | null) => (since === null ? 0 : this.#now() - since)
    const told = track.told?.leader === this.#leader ? track.told : null
    return {
      name: place.name,
      place,
      life,
      lifeForMs: forMs(track.lifeSinceMs),
      answer,
      silentForMs: forMs(track.silentSinceMs),
      unanswered: track.unanswered,
      awayForMs: forMs(track.awaySinceMs),
      busy,
      pauseMs: Math.max(0, track.retryAtMs - this.#now()),
      toldForMs: told === null ? null : forMs(told.atMs),
      vain: track.attempts.vain(this.#now()),
      copyPauseMs: track.attempts.copyPauseMs(this.#now()),
    }
  }

  noteTold(name: string, leader: string): void {
    this.#trackOf(name).told = { leader, atMs: this.#now() }
  }

  /** A start without a primary to follow could not end in following it, and says nothing of the copy. */
  noteBegun(name: string, kind: JobKind): void {
    if (kind === 'start' && this.#isLed) this.#trackOf(name).attempts.begin(this.#now())
  }

  noteDone(name: string): void {
    const track = this.#trackOf(name)
    track.silentSinceMs = null
    track.unanswered = 0
  }

  /** Its copy was made anew. Whether it follows is seen later. */
  noteCopied(name: string): void {
    this.#trackOf(name).attempts.copied(this.#now())
  }

  /** What failed is tried again a little later each time. */
  noteFailure(name: string): void {
    const track = this.#trackOf(name)
    track.failures += 1
    track.retryAtMs = this.#now() + pauseBeforeStartMs(track.failures + 1)
  }

  noteJobFailure(name: string, kind: JobKind, error: unknown): void {
    this.noteFailure(name)
    const { attempts } = this.#trackOf(name)
    if (kind === 'start') attempts.failed(error)
    if (kind === 'rebuild') attempts.copied(this.#now())
  }

  /** Gives whether it says that WAL still comes from the leader: a sign of life of that one. */
  #noteOne({ member, life, answer }: Seen, leader: MemberAnswer | null): boolean {
    const { name } = member.place
    const track = this.#trackOf(name)
    if (track.life !== life) Object.assign(track, { life, lifeSinceMs: this.#now() })
    this.#noteAnswer(track, life, answer)
    // A primary takes a moment to notice that one who followed it has died.
    const streams =
      life === 'running' && leader?.followers.some((one) => one.name === name && one.streaming)
    if (leader === null || streams === true) track.awaySinceMs = null
    else track.awaySinceMs ??= this.#now()
    // Whoever has been seen to work has recovered: what fails next counts as the first.
    if (streams === true || answer?.inRecovery === false) {
      track.failures = 0
      track.attempts.followed()
    }
    return noteWal(track, answer)
  }

  #noteAnswer(track: Track, life: Life, answer: MemberAnswer | null): void {
    if (life !== 'running' || answer !== null) {
      track.silentSinceMs = null
      track.unanswered = 0
      return
    }
    track.silentSinceMs ??= this.#now()
    track.unanswered += 1
  }

  #hear(leader: string): void {
    const track = this.#trackOf(leader)
    if (track.silentSinceMs === null) return
    track.silentSinceMs = this.#now()
    track.unanswered = 0
  }

  #trackOf(name: string): Track {
    const track = this.#tracks.get(name) ?? {
      life: 'dead',
      lifeSinceMs: this.#now(),
      silentSinceMs: null,
      unanswered: 0,
      awaySinceMs: null,
      failures: 0,
      retryAtMs: Number.NEGATIVE_INFINITY,
      told: null,
      walLsn: 0n,
      attempts: new Attempts(),
    }
    this.#tracks.set(name, track)
    return track
  }
}

function noteWal(track: Track, answer: MemberAnswer | null): boolean {
  if (answer === null) return false
  const grows = answer.inRecovery && answer.follows !== null && answer.walLsn > track.walLsn
  track.walLsn = answer.walLsn
  return grows
}

/** What cannot be looked at is not proven dead. */
async function lifeOf(member: Member): Promise<Life> {
  const life = await member.look().catch((): Life => 'running')
  return life === 'orphaned' && plantedFault === 'leaves-orphans' ? 'dead' : life
}
