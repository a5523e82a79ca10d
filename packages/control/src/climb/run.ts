import { isDeepStrictEqual as isSame } from 'node:util'
import { plan, refusals, type System, sayHold, sayList } from '@banyan/model'
import { climbRefused } from '../api/climb-errors.ts'
import { reportOf } from '../api/report.ts'
import type { ClimbedStep, ClimbReport, ClimbRequest, ErrorReport } from '../api/types.ts'
import type { Journal } from '../journal/journal.ts'
import { systemOfRelease } from '../releases/releases.ts'
import type { Aim } from './aim.ts'
import { climb, goalOf, type Progress, type StepRecorder } from './climb.ts'
import type { Context } from './context.ts'
import { aimAt, groundFor, systemFor } from './ground.ts'
import { lacksObserversOnly } from './late.ts'
import { migrate } from './migrate.ts'
import { recorderOf } from './recorder.ts'
import { isReliable, observe } from './state.ts'

export type RunOptions = {
  readonly context: Context
  readonly journal: Journal
  /** Everything is to stop. */
  readonly ending: AbortSignal
  readonly onProgress: (progress: Progress | null) => void
}

/** A climb as it was asked for, or as an earlier control left it. */
export type Course = {
  readonly climb: string
  readonly direction: ClimbRequest['direction']
  readonly from: Aim
  readonly to: Aim
  readonly begunAtMs: number
  readonly stepsBefore: number
  /** Set where an earlier control had turned it back already. */
  readonly turned: { readonly reason: ErrorReport | null } | null
}

/** One climb on its way: to the goal, and back when that cannot be reached. */
export class Run {
  outcome: ClimbReport['outcome'] = 'failed'
  reason: ErrorReport | null = null
  readonly #options: RunOptions
  readonly #course: Course
  readonly #turning: AbortSignal
  /** The steps that this control did. */
  readonly climbed: ClimbedStep[] = []
  readonly #recorder: StepRecorder

  constructor(options: RunOptions, course: Course, turning: AbortSignal) {
    this.#options = options
    this.#course = course
    this.#turning = turning
    const { climb, stepsBefore } = course
    this.#recorder = recorderOf(options.journal, climb, stepsBefore, this.climbed)
  }

  get steps(): number {
    return this.#course.stepsBefore + this.climbed.length
  }

  async lead(): Promise<void> {
    const { to, turned } = this.#course
    if (turned !== null) return await this.#goBack(turned.reason)
    try {
      await this.#aimAt(to)
      this.#options.context.trial = this.#course.direction === 'release'
      this.#say('begun', this.#sayBegin())
      await this.#climbTo(to, this.#turning)
      this.outcome = 'done'
    } catch (error) {
      if (this.#isWithoutObservers(error)) return
      if (this.#options.ending.aborted || this.isLive) return this.#fail(error)
      await this.#goBack(reportOf(error))
    } finally {
      // Neither is any business of the climb that comes next.
      Object.assign(this.#options.context, { trial: false, contracts: [] })
    }
  }

  /** A release that is live, and lacks nobody but those who watch, has come to its goal. */
  #isWithoutObservers(error: unknown): boolean {
    const { context, ending } = this.#options
    if (ending.aborted || !this.isLive || !lacksObserversOnly(context)) return false
    const sentence = `Whoever watches is not there yet: ${reportOf(error).message}`
    context.events.add({ type: 'progress', sentence })
    this.outcome = 'done'
    return true
  }

  /** A release that is live is well; what could not be taken away yet is no reason to go back. */
  get isLive(): boolean {
    const { from, to } = this.#course
    return from.release !== to.release && this.#options.context.releases.live === to.release
  }

  /** Where the way back cannot be written down it is gone all the same: the next control finds out by looking. */
  async #goBack(reason: ErrorReport | null): Promise<void> {
    const { climb, from, turned } = this.#course
    this.reason = reason
    // What the release was to take away is no business of the one that is gone back to.
    Object.assign(this.#options.context, { trial: false, contracts: [] })
    const why = reason === null ? '' : ` ${reason.message}`
    this.#say('turned', `The climb goes back to ${sayEnds(this.#course).from}.${why}`)
    try {
      if (turned === null) {
        await this.#options.journal.append({ kind: 'turn', climb, to: from.rungs, reason })
      }
      await this.#climbTo(from)
      await this.#forgetDeclarations()
      this.outcome = 'undone'
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Lookups and triggers that only the release declares which was gone back from would bind the other one too. */
  async #forgetDeclarations(): Promise<void> {
    const { context, ending } = this.#options
    const { from, to } = this.#course
    const { system } = context
    const other = systemOfRelease(context, to.release)
    if (other === null || from.release === to.release || isSame(tablesOf(system), tablesOf(other)))
      return
    try {
      await migrate(context, { system, phase: 'contract', alongside: null }, ending)
    } catch (error) {
      ending.throwIfAborted()
      const sentence = `What ${to.release} declares of its tables stays until the next start: ${reportOf(error).message}`
      context.events.add({ type: 'progress', sentence })
    }
  }

  #fail(error: unknown): void {
    this.outcome = 'failed'
    this.reason ??= reportOf(error)
  }

  async #climbTo(aim: Aim, overtaken?: AbortSignal): Promise<void> {
    const { context, ending, onProgress } = this.#options
    await this.#aimAt(aim)
    const options = { onProgress, recorder: this.#recorder }
    await climb(context, 'on', ending, { ...options, ...(overtaken && { overtaken }) })
  }

  /** One that an earlier control left may lead to what the config of today cannot have. */
  async #aimAt(aim: Aim): Promise<void> {
    const { context } = this.#options
    const system = await systemFor(context, aim)
    const reasons = refusals(aim.rungs, await groundFor(context, { ...aim, system }))
    if (reasons.length > 0) throw climbRefused(this.#course.direction, reasons)
    await aimAt(context, aim)
  }

  #say(outcome: 'begun' | 'turned', sentence: string): void {
    const { climb } = this.#course
    this.#options.context.events.add({ type: 'climb', climb, outcome, report: null, sentence })
  }

  #sayBegin(): string {
    const { context } = this.#options
    const { stepsBefore } = this.#course
    const { from, to } = sayEnds(this.#course)
    if (stepsBefore > 0) return `The climb to ${to} goes on after ${stepsBefore} steps.`
    const steps = plan(observe(context, isReliable), goalOf(context, 'on')).length
    return `From ${from} to ${to}: ${steps} ${steps === 1 ? 'step' : 'steps'}.`
  }
}

const tablesOf = ({ data }: System) => data?.tables ?? []

/** How it ended, in one sentence. */
export function sayEnd(
  course: Course,
  { outcome, steps, reason, isLive }: Run,
  totalMs: number,
): string {
  const took = `${steps} ${steps === 1 ? 'step' : 'steps'} in ${(totalMs / 1000).toFixed(1)} s`
  const { from, to } = sayEnds(course)
  const state = (end: Aim) => (isOfReleases(course.direction) ? 'is live' : sayHold(end.rungs))
  if (outcome === 'done') return `${to} ${state(course.to)}: ${took}.`
  const why = reason === null ? '' : ` ${reason.message}`
  if (outcome === 'undone')
    return `The climb was undone: ${from} ${state(course.from)}, ${took}.${why}`
  if (isLive) return `${to} is live; what it takes away waits for the next start, ${took}.${why}`
  return `The climb failed and the way back too; what runs goes on running, ${took}.${why}`
}

/** A release leads from one to another; every other climb does so with rungs. */
function sayEnds({ direction, from, to }: Course): {
  readonly from: string
  readonly to: string
} {
  if (isOfReleases(direction)) return { from: from.release, to: to.release }
  return { from: sayAim(from, to), to: sayAim(to, from) }
}

/** What stands at the entry is said where it changes. */
function sayAim({ rungs, balancer }: Aim, other: Aim): string {
  return balancer === other.balancer ? sayList(rungs) : `${sayList(rungs)} with ${balancer}`
}

export function isOfReleases(direction: ClimbRequest['direction']): boolean {
  return direction === 'release' || direction === 'undo'
}
