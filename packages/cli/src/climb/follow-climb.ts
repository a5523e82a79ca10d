import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ClimbReport,
  ControlClient,
  type ControlEvent,
  type StatePaths,
} from '@banyan/control/api'
import { BanyanError, type ErrorCode } from '@banyan/model'

/** Who is told what happens to a climb. */
export type Audience = {
  show(event: ControlEvent): void
  /** Control has died, and is back. */
  lost(): void
  found(): void
}

export type FollowOptions = {
  readonly paths: StatePaths
  readonly client: ControlClient
  readonly climb: string
  readonly audience: Audience
  /** Asks the climb to go back; asked of the next control too, should this one die before it did. */
  readonly turning: AbortSignal
}

const nextControlMs = 10_000
const lookEveryMs = 100
/** The last events are on their way when the report is there. */
const lastEventsMs = 1_000

/** Stays with a climb until it has ended, over the deaths of the controls that lead it. */
export async function followClimb(options: FollowOptions): Promise<ClimbReport> {
  return await new Following(options).run()
}

class Following {
  readonly #options: FollowOptions
  #client: ControlClient
  /** Since when nothing was heard of the climb; null while something is. */
  #lostAtMs: number | null = null
  #stopped = false

  constructor(options: FollowOptions) {
    this.#options = options
    this.#client = options.client
  }

  async run(): Promise<ClimbReport> {
    for (;;) {
      const report = await this.#stay(this.#client)
      if (report !== null) return report
      if (this.#stopped) throw stopped(this.#options.climb)
      await this.#findNext()
    }
  }

  /** With one control: the report, or null when that control is gone. */
  async #stay(client: ControlClient): Promise<ClimbReport | null> {
    const { turning } = this.#options
    const leaving = new AbortController()
    const shown = this.#showEvents(client, leaving.signal)
    // Thrown where it is waited for, below; until then nobody has to look.
    shown.catch(() => {})
    const turn = () => this.#turn(client)
    if (turning.aborted) turn()
    turning.addEventListener('abort', turn)
    try {
      const report = await this.#endOf(client)
      // Whether the climb is over or control, the last words are worth waiting for.
      await Promise.race([shown, sleep(lastEventsMs, null, { signal: leaving.signal })])
      return report
    } finally {
      turning.removeEventListener('abort', turn)
      leaving.abort()
    }
  }

  /** Only what this climb did: control also tells what was before it. Ends with the climb's end. */
  async #showEvents(client: ControlClient, signal: AbortSignal): Promise<void> {
    const { climb, audience, turning } = this.#options
    let isOurs = false
    try {
      for await (const event of client.events(signal)) {
        if (signal.aborted) return
        isOurs ||= event.type === 'climb' && event.climb === climb
        if (!isOurs) continue
        this.#hear()
        // One that has just taken the climb over may not have known it when it was asked.
        const begins = event.type === 'climb' && event.outcome === 'begun'
        if (begins && turning.aborted) this.#turn(client)
        if (event.type === 'stopped') this.#stopped = true
        audience.show(event)
        if (event.type === 'climb' && event.report !== null) return
      }
    } catch (error) {
      // That control is gone is noticed by whoever waits for the climb's end.
      if (!isGone(error)) throw error
    }
  }

  /** The report, or null when control is gone. One that has only just begun may not know the climb yet. */
  async #endOf(client: ControlClient): Promise<ClimbReport | null> {
    const isFirst = client === this.#options.client
    const deadlineMs = performance.now() + (isFirst ? 0 : nextControlMs)
    for (;;) {
      try {
        return await client.climbEnd(this.#options.climb)
      } catch (error) {
        if (isGone(error)) return null
        const isEarly = isOf(error, 'BANYAN_CLIMB_UNKNOWN') && performance.now() < deadlineMs
        if (!isEarly) throw error
      }
      await sleep(lookEveryMs)
    }
  }

  #turn(client: ControlClient): void {
    client.turnBack(this.#options.climb).catch(() => {})
  }

  #hear(): void {
    if (this.#lostAtMs === null) return
    this.#lostAtMs = null
    this.#options.audience.found()
  }

  async #findNext(): Promise<void> {
    const { paths, audience, climb } = this.#options
    if (this.#lostAtMs === null) audience.lost()
    this.#lostAtMs ??= performance.now()
    this.#client = await nextControl(paths, this.#lostAtMs, climb)
  }
}

/** The control that follows on one that died at a moment of `performance.now()`. */
export async function nextControl(
  paths: StatePaths,
  lostAtMs: number,
  climb: string,
): Promise<ControlClient> {
  for (;;) {
    if (performance.now() - lostAtMs > nextControlMs) throw nobodyCame(climb)
    await sleep(lookEveryMs)
    const found = await ControlClient.find(paths).catch(() => null)
    if (found !== null) return found
  }
}

const isOf = (error: unknown, code: ErrorCode): error is BanyanError =>
  BanyanError.is(error) && error.code === code

/** Whether nobody answered. What control itself reports as its own fault has no cause on this side. */
export function isGone(error: unknown): boolean {
  return isOf(error, 'BANYAN_CONTROL_FAILED') && error.cause !== undefined
}

function nobodyCame(climb: string): BanyanError {
  return new BanyanError(
    'BANYAN_CONTROL_FAILED',
    `Control died in the middle of the climb ${climb}, and no other came within ${nextControlMs / 1_000} s. What runs goes on running.`,
    {
      hint: 'Run "banyan up": it finishes the climb, or takes it back. Why control died may be in control.log.',
      details: { climb },
    },
  )
}

function stopped(climb: string): BanyanError {
  return new BanyanError(
    'BANYAN_INTERRUPTED',
    `Somebody stopped the system in the middle of the climb ${climb}.`,
    { hint: 'Run "banyan up" to start it again; it goes on from where it is.', details: { climb } },
  )
}
