import { BanyanError } from '@banyan/model'
import { Waker } from '../supervise/waker.ts'
import { forecastLoss, type LossForecast, loseWith } from './accept-loss.ts'
import type { MainAction, MemberAction } from './action.ts'
import { Book } from './book.ts'
import { isHeld } from './confirm-list.ts'
import { Damping } from './damping.ts'
import { decide } from './decide.ts'
import type { Member } from './member.ts'
import { Observer, type Seen } from './observer.ts'
import { Done, memberOrThrow, type Performer, perform, performMember } from './perform.ts'
import type { Promotion, RecordStore, ShardRecord } from './record.ts'
import type { ShardClock, ShardSettings } from './settings.ts'
import { membersOf, type ShardSituation, type TakeOver } from './situation.ts'
import { chooseHeir, handoverOf, refused, switchOver } from './switch-over.ts'
import {
  isOpen,
  type JobKind,
  leaderOf,
  type MainKind,
  memberNamed,
  type ShardView,
} from './view.ts'

export type ShardKeeperOptions = {
  readonly record: RecordStore
  /** Those that are to run now. A member that is to be stopped is taken off before. */
  readonly members: () => readonly Member[]
  readonly settings: () => ShardSettings
  readonly clock: ShardClock
  /** Hears what is done and why, whenever that changes. */
  readonly say: (sentence: string) => void
  /** Asks the app's processes to hold their requests, and returns when no transaction runs; 0 to go on. */
  readonly hold?: (milliseconds: number) => Promise<void>
  /** Tells the app's processes where the writes are about to go. */
  readonly announce?: (heir: string) => Promise<void>
  /** Hears of every change of the primary, of who confirms, and of the members' state. */
  readonly onChange?: () => void
}

/** How often it is looked when nothing happens that wakes us. */
const steadyMs = 250
/** One server has nobody to take its place: its keeper looks at its process, and wakes us. */
const aloneMs = 1_000
/** A start that takes longer is not waited for by somebody who has accepted what its loss costs. */
const longStartMs = 1_000
/** And while something is not as it should be. */
const unsteadyMs = 25
/** While a switchover hands over nothing is decided, and looking takes from what it needs; whoever dies wakes us. */
const switchingMs = 100

type Asked = {
  readonly work: (view: ShardView) => Promise<void>
  /** Whether a server that is on its way up is ended for it. */
  readonly endsStart: boolean
}

/**
 * Keeps a shard writing: looks at its members, decides, does one thing about the primary (and beside it one
 * about each member that needs it), looks again. All of what it knows is in the record and in the servers.
 *
 * @example
 * const keeper = new ShardKeeper({ record, members, settings, clock, say })
 * await keeper.begin('db-1')
 * void keeper.run(signal)
 * await keeper.join('db-3', signal)
 */
export class ShardKeeper {
  readonly #options: ShardKeeperOptions
  readonly #book: Book
  readonly #done = new Done()
  readonly #observer: Observer
  readonly #damping = new Damping()
  readonly #waker: Waker
  readonly #jobs = new Map<
    string,
    { readonly kind: JobKind; readonly of: string; readonly abort: AbortController }
  >()
  #main: { readonly kind: MainKind; readonly sinceMs: number } | null = null
  #view: ShardView | null = null
  #sentence = ''
  #refuses = false
  #times: { noticedMs: number; fencedMs: number; promotedMs: number } | null = null
  #last: TakeOver | null = null
  /** Somebody waits for what needs the main matter for itself. */
  #asked: Asked | null = null

  constructor(options: ShardKeeperOptions) {
    this.#options = options
    this.#book = new Book(options.record)
    this.#observer = new Observer(() => options.clock.now())
    this.#waker = new Waker((milliseconds) => options.clock.sleep(milliseconds))
  }

  /** Who takes the writes, or is about to; null before there is a server. */
  get primary(): string | null {
    return leaderOf(this.#book.record)
  }

  get record(): ShardRecord {
    return this.#book.record
  }

  get situation(): ShardSituation {
    const { record } = this
    const view = this.#view
    return {
      primary: this.primary,
      term: record.promotion?.decided === true ? record.promotion.term : record.term,
      open: view !== null && isOpen(memberNamed(view, this.primary)),
      sentence: this.#sentence,
      refuses: this.#refuses,
      confirming: record.confirming,
      members: view === null ? [] : membersOf(view),
      closedSinceMs: this.#times?.noticedMs ?? null,
      last: this.#last,
    }
  }

  /** The same object for as long as there was no other. */
  get lastTakeOver(): TakeOver | null {
    return this.#last
  }

  /** Writes down who is the primary of a shard that has never had one. */
  async begin(name: string): Promise<void> {
    await this.#book.change(({ primary }) =>
      primary === null ? { primary: name, wanted: [name] } : null,
    )
    this.wake()
  }

  /** Something may have changed: look now. To be called whenever a server's process or connection ends. */
  wake(): void {
    this.#waker.wake()
  }

  /** Keeps the shard until the signal; returns when nothing that it began is under way. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.wake()
    signal.addEventListener('abort', wake)
    while (!signal.aborted) {
      // The record itself can fail to be written: on a full disk, everything waits for room.
      await this.#round().catch((error: unknown) => this.#saySorry(error))
      if (!signal.aborted) await this.#waker.rest(this.#restMs())
    }
    signal.removeEventListener('abort', wake)
    for (const job of this.#jobs.values()) job.abort.abort(signal.reason)
    while (this.#main !== null || this.#jobs.size > 0) await this.#waker.rest(steadyMs)
  }

  /**
   * Another member takes the writes: this one, or the best (null). Returns who when it does.
   *
   * @throws BanyanError `BANYAN_SWITCHOVER_REFUSED` before the first effect, `BANYAN_SWITCHOVER_FAILED` when it
   * was taken back.
   */
  async switchOver(to: string | null, signal: AbortSignal): Promise<string> {
    const heir = await this.#ask(signal, async (view) => await this.#switchOver(view, to))
    await this.#until(signal, () => this.record.promotion === null && this.record.primary === heir)
    return heir
  }

  /** From now on this replica confirms commits whenever it can; returns when it does. */
  async join(name: string, signal: AbortSignal): Promise<void> {
    memberOrThrow(this.#options.members(), name)
    await this.#book.change(({ wanted }) =>
      wanted.includes(name) ? null : { wanted: [...wanted, name] },
    )
    this.wake()
    await this.#until(signal, () => this.record.confirming.includes(name) && this.#waitsFor(name))
  }

  /** From now on no commit waits for this replica; returns when none does and no election needs it. */
  async leave(name: string, signal: AbortSignal): Promise<void> {
    await this.#book.change(({ wanted }) =>
      wanted.includes(name) ? { wanted: wanted.filter((other) => other !== name) } : null,
    )
    this.wake()
    const isOut = () => this.#done.inForce !== null && !this.#waitsFor(name)
    await this.#until(signal, () => !this.record.confirming.includes(name) && isOut())
  }

  /** What would be promoted with `--accept-loss`, and what that may lose. Nothing is done. */
  lossOf(to: string | null): LossForecast {
    if (this.#view === null) throw refused('The members have not been looked at yet.', 'Try again.')
    return forecastLoss(this.#view, to)
  }

  /**
   * Promotes a member that may miss acknowledged commits, since those who have them do not come back. Returns when
   * it takes writes; also while these are held, since a replica to confirm them has to be made first.
   */
  async acceptLoss(to: string | null, signal: AbortSignal): Promise<LossForecast> {
    const lose = async (view: ShardView) => await loseWith(this.#performer(), view, to)
    const forecast = await this.#ask(signal, lose, true)
    await this.#until(signal, () => this.#isLed(forecast.to))
    return forecast
  }

  #isLed(by: string): boolean {
    const view = this.#view
    if (this.record.promotion === null) return this.record.primary === by
    return view !== null && isOpen(memberNamed(view, by)) && isHeld(view)
  }

  #waitsFor(name: string): boolean {
    const { inForce } = this.#done
    return inForce?.confirming.kind === 'any' && inForce.confirming.names.includes(name)
  }

  #performer(): Performer {
    const find = (name: string) => memberOrThrow(this.#options.members(), name)
    return { book: this.#book, done: this.#done, find }
  }

  async #round(): Promise<void> {
    const view = await this.#look()
    const plan = decide(view)
    this.#view = view
    this.#options.onChange?.()
    this.#noteTimes(view)
    this.#abortStale(view)
    for (const action of plan.members) this.#tend(action)
    const asked = this.#asked
    // What ended in the middle of the look may have changed everything that was seen before.
    if (view.main !== null) {
      if (asked?.endsStart) this.#endStart()
      return
    }
    if (asked !== null) {
      this.#asked = null
      this.#occupy('switch-over', () => asked.work(view))
    } else {
      this.#begin(plan.main)
    }
  }

  /** A start takes as long as there is WAL to read, or for ever. */
  #endStart(): void {
    const main = this.#main
    if (main === null || (main.kind !== 'start-primary' && main.kind !== 'start-heir')) return
    const name = this.primary
    if (name === null || this.#options.clock.now() - main.sinceMs < longStartMs) return
    const sentence = `${name} is on its way up, and is not waited for any more; end it.`
    this.#tend({ kind: 'fence', name, sentence })
  }

  async #look(): Promise<ShardView> {
    const { clock, settings, members } = this.#options
    // What was done counts for this round only if it was over before anybody was looked at.
    const fenced = new Set(this.#done.fenced)
    const list = this.#done.inForce
    const busy = new Map(this.#jobs)
    const main = this.#main
    const seen = await this.#observer.look(members())
    const { record } = this
    this.#observer.note(seen, record)
    this.#noteSince(seen, list, record)
    const { inForce, termWritten } = this.#done
    const { downForMs } = this.#observer
    return {
      record,
      settings: settings(),
      members: seen.map((one) => {
        const { name } = one.member.place
        return this.#observer.view(one, this.#jobs.get(name)?.kind ?? busy.get(name)?.kind ?? null)
      }),
      main: this.#main ?? main,
      fenced: new Set([...fenced].filter((name) => this.#done.fenced.has(name))),
      inForce,
      termWritten,
      downForMs,
      dampMs: this.#damping.pauseMs(clock.now() - downForMs),
    }
  }

  /** The first position of the primary that was asked for after the list was in force. */
  #noteSince(seen: readonly Seen[], list: Done['inForce'], record: ShardRecord): void {
    const answer = seen.find(({ member }) => member.place.name === leaderOf(record))?.answer
    if (list === null || list !== this.#done.inForce || list.sinceLsn !== null) return
    if (answer?.inRecovery !== false) return
    this.#done.inForce = { ...list, sinceLsn: answer.walLsn }
  }

  #begin(action: MainAction): void {
    this.#refuses = action.kind === 'refuse'
    if (action.sentence !== '') this.#say(action.sentence)
    if (action.kind === 'rest' || action.kind === 'wait' || action.kind === 'refuse') return
    this.#occupy(
      action.kind,
      async () => {
        await perform(this.#performer(), action)
        await this.#noteDone(action)
        const next = followUpOf(action)
        if (next !== null) await perform(this.#performer(), next)
      },
      'name' in action ? action.name : null,
    )
  }

  #occupy(kind: MainKind, work: () => Promise<void>, name: string | null = null): void {
    this.#main = { kind, sinceMs: this.#options.clock.now() }
    const failed = (error: unknown) => {
      if (name !== null) this.#observer.noteFailure(name)
      this.#saySorry(error)
    }
    void work()
      .catch(failed)
      .finally(() => {
        this.#main = null
        this.wake()
      })
  }

  #tend(action: MemberAction): void {
    const { name, kind } = action
    if (this.#jobs.has(name)) return
    this.#say(action.sentence)
    const of = 'of' in action ? action.of.name : ''
    if (of !== '') this.#observer.noteTold(name, of)
    const abort = new AbortController()
    const job = kind === 'disbelieve' ? 'fence' : kind
    this.#jobs.set(name, { kind: job, of, abort })
    this.#observer.noteBegun(name, job)
    void performMember(this.#performer(), action, abort.signal)
      .then(() => {
        if (kind === 'rebuild') this.#observer.noteCopied(name)
      })
      .catch((error: unknown) => {
        // What we gave up ourselves is nobody's failure.
        if (abort.signal.aborted) this.#observer.noteFailure(name)
        else this.#observer.noteJobFailure(name, job, error)
        this.#saySorry(error)
      })
      .finally(() => {
        this.#jobs.delete(name)
        this.#observer.noteDone(name)
        this.wake()
      })
  }

  /** A copy of a server that is no primary any more would have to be made again. */
  #abortStale(view: ShardView): void {
    const leader = memberNamed(view, leaderOf(view.record))
    for (const job of this.#jobs.values()) {
      if (job.kind !== 'rebuild') continue
      if (job.of !== leader?.name || leader.life === 'dead') job.abort.abort()
    }
  }

  async #noteDone(action: MainAction): Promise<void> {
    const now = this.#options.clock.now()
    if (action.kind === 'fence' && this.#times !== null) this.#times.fencedMs = now
    if (action.kind === 'elect') this.#damping.ended(now)
    if (action.kind === 'promote' && this.#times !== null) this.#times.promotedMs = now
    if (action.kind === 'finish') await this.#noteTakeOver(action.promotion, now)
    if (action.kind === 'take-back') await this.#options.hold?.(0)
  }

  async #noteTakeOver({ from, to, reason }: Promotion, now: number): Promise<void> {
    this.#damping.began(now)
    const times = this.#times ?? { noticedMs: now, fencedMs: now, promotedMs: now }
    this.#last = { from, to, reason, ...times, writingMs: now }
    this.#times = null
    if (reason === 'switchover') await this.#options.hold?.(0)
  }

  #noteTimes(view: ShardView): void {
    const { primary, promotion } = view.record
    const now = this.#options.clock.now()
    if (promotion !== null || !isOpen(memberNamed(view, primary))) {
      this.#times ??= { noticedMs: now, fencedMs: now, promotedMs: now }
    } else {
      this.#times = null
    }
  }

  async #switchOver(view: ShardView, wanted: string | null): Promise<string> {
    const to = chooseHeir(view, wanted)
    const { hold, announce, clock } = this.#options
    const { primary, term } = this.record
    const promotion: Promotion = {
      to,
      from: primary ?? '',
      term: term + 1,
      reason: 'switchover',
      decided: false,
    }
    this.#say(`Switch over from ${promotion.from} to ${to}.`)
    const nothing = async () => {}
    const ports = {
      ...this.#performer(),
      clock,
      hold: hold ?? nothing,
      announce: announce ?? nothing,
    }
    const outcome = await switchOver(ports, handoverOf(view, promotion))
    if (outcome === 'decided') return to
    await hold?.(0)
    throw new BanyanError('BANYAN_SWITCHOVER_FAILED', `The switchover was taken back: ${outcome}`, {
      hint: 'Nothing is lost, and the shard goes on as it was. "banyan status" says how it is; try again.',
      details: { from: promotion.from, to, reason: outcome },
    })
  }

  /** Runs something in the place of the main matter, with a view that is fresh. */
  async #ask<T>(
    signal: AbortSignal,
    work: (view: ShardView) => Promise<T>,
    endsStart = false,
  ): Promise<T> {
    signal.throwIfAborted()
    if (this.#asked !== null) throw refused('another one is asked for.', 'Wait until it is over.')
    return await new Promise<T>((resolve, reject) => {
      const asked: Asked = {
        work: async (view) => await work(view).then(resolve, reject),
        endsStart,
      }
      this.#asked = asked
      signal.addEventListener('abort', () => {
        if (this.#asked !== asked) return
        this.#asked = null
        reject(signal.reason)
      })
      this.wake()
    })
  }

  async #until(signal: AbortSignal, isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      signal.throwIfAborted()
      await this.#options.clock.sleep(unsteadyMs)
    }
  }

  #restMs(): number {
    if (this.#main?.kind === 'switch-over') return switchingMs
    if (!this.#isSteady()) return unsteadyMs
    return (this.#view?.members.length ?? 0) > 1 ? steadyMs : aloneMs
  }

  #isSteady(): boolean {
    const view = this.#view
    if (view === null || this.#asked !== null || view.record.promotion !== null) return false
    if (!isOpen(memberNamed(view, view.record.primary))) return view.record.primary === null
    const { inForce } = this.#done
    return this.#main === null && inForce !== null && inForce.sinceLsn !== null
  }

  #say(sentence: string): void {
    if (sentence === this.#sentence) return
    this.#sentence = sentence
    this.#options.say(sentence)
  }

  #saySorry(error: unknown): void {
    this.#say(error instanceof Error ? error.message : String(error))
  }
}

/** Until the term is written nobody writes: it is not waited for another look. */
function followUpOf(action: MainAction): MainAction | null {
  if (action.kind !== 'promote' || action.term === null) return null
  const { name, term, awake } = action
  return { kind: 'write-term', name, term, awake, sentence: '' }
}
