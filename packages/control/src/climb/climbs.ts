import { BanyanError, plan } from '@banyan/model'
import { climbRunning, climbUnknown } from '../api/climb-errors.ts'
import { reportOf } from '../api/report.ts'
import type { ClimbReport, ClimbRequest, ErrorReport } from '../api/types.ts'
import { type Meter, startMeter } from '../entry/meter.ts'
import { type Heartbeat, startHeartbeat } from '../heartbeat/heartbeat.ts'
import type { UnfinishedClimb } from '../journal/history.ts'
import { releasesThatRun } from '../releases/releases.ts'
import { writeJson } from '../state/files.ts'
import type { Aim } from './aim.ts'
import { type ClimbOptions, climb, goalOf } from './climb.ts'
import type { Context } from './context.ts'
import { destinationOf } from './destination.ts'
import { aimAt, aimOf } from './ground.ts'
import { heartbeatTarget } from './heartbeat-target.ts'
import { mayBeLate } from './late.ts'
import { learnPlainOnes } from './learn-plain.ts'
import { recorderOf } from './recorder.ts'
import { type Course, isOfReleases, Run, type RunOptions, sayEnd } from './run.ts'
import { isReliable, observe } from './state.ts'

/** The climb that goes on. */
type Going = {
  readonly climb: string
  readonly direction: ClimbRequest['direction']
  readonly from: Aim
  readonly to: Aim
  readonly turning: AbortController
  readonly ended: Promise<void>
}

/** Climbs that somebody asks for, one at a time: to the goal, or back to where it came from. */
export class Climbs {
  readonly #options: RunOptions
  #going: Going | null = null
  /** Also of a climb whose end could not be written down. */
  #last: ClimbReport | null = null
  #beginning: Promise<unknown> = Promise.resolve()

  constructor(options: RunOptions) {
    this.#options = options
  }

  /** Null while none goes on. */
  get climb(): string | null {
    return this.#going?.climb ?? null
  }

  /** Returns when none goes on. */
  async settled(): Promise<void> {
    await this.#beginning
    await this.#going?.ended
  }

  /** Begins a climb, once it is plain that nothing stands against it. */
  async begin(request: ClimbRequest): Promise<{ readonly climb: string }> {
    // Two that are looked at side by side would both find that none goes on.
    const begun = this.#beginning.then(async () => await this.#begin(request))
    this.#beginning = begun.catch(() => {})
    return await begun
  }

  async #begin(request: ClimbRequest): Promise<{ readonly climb: string }> {
    const { direction, climb = newName() } = request
    // Somebody asks again who did not hear the answer.
    if (this.#going?.climb === climb || this.#reportOf(climb) !== null) return { climb }
    if (this.#going !== null) throw climbRunning(this.#going)
    const { context, ending, journal } = this.#options
    const from = { ...aimOf(context), rungs: context.topology.rungs }
    const to = await destinationOf(context, request, from, ending)
    // Whoever asked before everything was stopped must not have the next control climb.
    ending.throwIfAborted()
    await journal.append({ kind: 'climb', climb, direction, ...entryOf(from, to) })
    this.#go({ climb, direction, from, to, begunAtMs: Date.now(), stepsBefore: 0, turned: null })
    return { climb }
  }

  /** Leads up to what `up` asked for; written down as any climb is, and begun anew where it was interrupted. */
  async raise(options: Pick<ClimbOptions, 'until'>): Promise<void> {
    const { context, journal, ending, onProgress } = this.#options
    const from = { ...aimOf(context), rungs: context.topology.rungs }
    const to = aimOf(context)
    await learnPlainOnes(context)
    if (plan(observe(context, isReliable), goalOf(context, 'on')).length === 0) return
    const left = journal.unfinished()
    const name = left?.direction === 'up' ? left.climb : newName()
    if (left?.climb !== name) {
      const begun = { climb: name, direction: 'up' } as const
      await journal.append({ kind: 'climb', ...begun, ...entryOf(from, to) })
    }
    const recorder = recorderOf(journal, name, left?.climb === name ? left.steps : 0, [])
    const began = performance.now()
    const end = async (outcome: 'done' | 'failed', reason: ErrorReport | null) => {
      const totalMs = Math.round(performance.now() - began)
      const facts = { requests: { sent: 0, failed: 0 }, longestWritePauseMs: null, totalMs }
      await journal.append({ kind: 'end', climb: name, outcome, reason, ...facts })
    }
    const { until } = options
    const going = { onProgress, recorder }
    try {
      await climb(context, 'on', ending, {
        ...going,
        until: (step, topology) => mayBeLate(context) || until?.(step, topology) === true,
      })
    } catch (error) {
      await end('failed', reportOf(error)).catch(() => {})
      throw error
    }
    await this.#finishLate({ ...options, ...going })
    await end('done', null)
  }

  /**
   * What an earlier release could not take away is tried again, and copies of the database that are not
   * well are brought up; the system is up with them or without.
   */
  async #finishLate(options: ClimbOptions): Promise<void> {
    const { context, ending } = this.#options
    try {
      await climb(context, 'on', ending, options)
    } catch (error) {
      ending.throwIfAborted()
      const what =
        context.contracts.length > 0
          ? `${context.contracts.join(', ')} of release ${context.release} still waits`
          : 'Not everything is there that the app can do without'
      context.events.add({ type: 'progress', sentence: `${what}: ${reportOf(error).message}` })
      context.contracts = []
    }
  }

  /** Goes on with the climb that an earlier control left; returns when it has ended, if there is one. */
  async resume(): Promise<void> {
    const { context, journal } = this.#options
    const left = journal.unfinished()
    if (left === null || left.direction === 'up') return
    if (isOvertaken(context, left)) return await this.#giveUp(left)
    const { climb, direction, steps, turned, reason } = left
    const begunAtMs = Date.parse(left.begunAt)
    const course = { climb, direction, ...endsOf(context, left), begunAtMs, stepsBefore: steps }
    this.#go({ ...course, turned: turned ? { reason } : null })
    await this.settled()
    // Neither end of it need be possible any more: the config may be another than it was.
    await aimAt(context, restOf(context))
  }

  /** Leaves it where it is; what holds instead is led to right after. */
  async #giveUp({ climb, begunAt }: UnfinishedClimb): Promise<void> {
    const totalMs = Date.now() - Date.parse(begunAt)
    const facts = { requests: { sent: 0, failed: 0 }, longestWritePauseMs: null, totalMs }
    const reason = reportOf(overtaken())
    await this.#options.journal.append({ kind: 'end', climb, outcome: 'failed', reason, ...facts })
  }

  async end(climb: string): Promise<ClimbReport> {
    if (this.#going?.climb === climb) await this.#going.ended
    const report = this.#reportOf(climb)
    if (report === null) throw climbUnknown(climb)
    return report
  }

  /** Has the climb go back; one that has just ended stays as it ended. */
  turnBack(climb: string): void {
    if (this.#going?.climb === climb) this.#going.turning.abort(calledOff())
    else if (this.#reportOf(climb) === null) throw climbUnknown(climb)
  }

  #reportOf(climb: string): ClimbReport | null {
    const last = this.#last?.climb === climb ? this.#last : null
    return this.#options.journal.reportOf(climb) ?? last
  }

  #go(course: Course): void {
    const turning = new AbortController()
    const { climb, direction, from, to } = course
    const ended = this.#lead(course, turning.signal).finally(() => {
      this.#going = null
    })
    // Whoever asks for its end gets it from the journal.
    ended.catch(() => {})
    this.#going = { climb, direction, from, to, turning, ended }
  }

  async #lead(course: Course, turning: AbortSignal): Promise<void> {
    const { context } = this.#options
    const meter = startMeter(context)
    const heartbeat = startHeartbeatOf(context)
    const run = new Run(this.#options, course, turning)
    await run.lead()
    await this.#conclude(course, run, meter, heartbeat)
  }

  async #conclude(
    course: Course,
    run: Run,
    meter: Meter,
    heartbeat: Heartbeat | null,
  ): Promise<void> {
    const { context, journal } = this.#options
    const { climb, begunAtMs } = course
    const { outcome, reason } = run
    const requests = await meter.stop()
    const longestWritePauseMs = heartbeat === null ? null : (await heartbeat.stop()).longestPauseMs
    const totalMs = Date.now() - begunAtMs
    const end = { climb, outcome, requests, longestWritePauseMs, totalMs, reason }
    try {
      if (outcome !== 'failed') await this.#keepAim()
      await this.#noteRelease(course, run)
      await journal.append({ kind: 'end', ...end })
    } catch {
      // On a full disk the next control finds it unfinished, and goes on with it, rather than back.
    }
    const { direction, from, to } = course
    const ends = isOfReleases(direction)
      ? { from: from.release, to: to.release }
      : { from: from.rungs, to: to.rungs }
    const report = journal.reportOf(climb) ?? { ...end, direction, ...ends, steps: run.climbed }
    this.#last = report
    const sentence = sayEnd(course, run, totalMs)
    context.events.add({ type: 'climb', climb, outcome, report, sentence })
  }

  /** The next "up" and the next control lead to where this climb led. */
  async #keepAim(): Promise<void> {
    const { context } = this.#options
    const { desired, balancer } = context
    context.settings = { ...context.settings, rungs: desired.rungs, balancer }
    await writeJson(context.paths.settings, context.settings)
  }

  /** A release that did not become live, and one that was gone back from, are recorded as such. */
  async #noteRelease({ direction, from, to }: Course, run: Run): Promise<void> {
    if (!isOfReleases(direction)) return
    const { context } = this.#options
    const { releases } = context
    const isLive = releases.live === to.release
    if (direction === 'undo' && isLive) await releases.markEnded(from.release, 'undone', null)
    if (direction === 'release' && !isLive) {
      const state = run.outcome === 'undone' ? 'undone' : 'failed'
      await releases.markEnded(to.release, state, run.reason?.message ?? null)
    }
    // What cannot be deleted now is deleted after the next one; the climb has come to its end.
    await releases.prune(releasesThatRun(context)).catch(() => {})
  }
}

/** What the rest of the system is to be once no climb goes on: as it was asked for last. */
function restOf(context: Context): Aim {
  const { settings, releases, release, balancer } = context
  return { rungs: settings.rungs, release: releases.live ?? release, balancer }
}

/** A climb in the journal. */
function entryOf(from: Aim, to: Aim) {
  return {
    from: from.rungs,
    to: to.rungs,
    release: to.release,
    fromRelease: from.release,
    balancer: to.balancer,
    fromBalancer: from.balancer,
  }
}

/** Where a climb that an earlier control left leads, and where it comes from. */
function endsOf({ release: now }: Context, left: UnfinishedClimb): { from: Aim; to: Aim } {
  const { from, to, release, fromRelease, balancer, fromBalancer } = left
  return {
    from: { rungs: from, release: fromRelease ?? now, balancer: fromBalancer },
    to: { rungs: to, release: release ?? now, balancer },
  }
}

/** What somebody has asked for since then holds; and only `up` leads to more than one server. */
function isOvertaken({ settings }: Context, { begunAt }: UnfinishedClimb): boolean {
  const { askedAt, dataOnly = false, mode = 'up' } = settings
  if (dataOnly || mode === 'dev') return true
  return askedAt !== undefined && Date.parse(askedAt) > Date.parse(begunAt)
}

function newName(): string {
  return `c-${Date.now().toString(36)}`
}

function startHeartbeatOf(context: Context): Heartbeat | null {
  const target = heartbeatTarget(context)
  // The primary may be another one by the next connection.
  const isMoving = () => context.shard.current.promotion?.decided === true
  return target && startHeartbeat(() => (isMoving() ? null : (heartbeatTarget(context) ?? target)))
}

function overtaken(): BanyanError {
  return new BanyanError('BANYAN_INTERRUPTED', 'Something else was asked for meanwhile.', {
    hint: 'Ask for the climb again if you still want it.',
  })
}

function calledOff(): BanyanError {
  return new BanyanError('BANYAN_INTERRUPTED', 'The climb was called off.', {
    hint: 'Everything is as it was before. Ask for it again when you want it.',
  })
}
