import { BanyanError } from '@banyan/model'
import { reportOf } from '../api/report.ts'
import type { ChangeRequest } from '../api/types.ts'
import type { Context } from '../climb/context.ts'
import { prepareChange, restartNodes } from './apply-change.ts'
import { mendInDev } from './mend.ts'
import { merge, nothingPending, type Pending } from './pending.ts'
import { sayDone, sayFiles } from './say-change.ts'

export type ChangesOptions = {
  readonly context: Context
  readonly ending: AbortSignal
  /** Called after each change that came to a good end. */
  readonly onDone: () => void
}

/**
 * Takes changes over, one after another. A newer one ends the older early, and takes over what that
 * had still to do: whoever saves twice waits once, and whoever mends a crash need not wait for it.
 */
export class Changes {
  readonly #options: ChangesOptions
  #pending: Pending = nothingPending
  #overtake = new AbortController()
  #last: Promise<void> = Promise.resolve()

  constructor(options: ChangesOptions) {
    this.#options = options
  }

  /** Returns when the change, or a newer one with it, has come to its end, good or bad. */
  async take(request: ChangeRequest, first: Promise<void> | null): Promise<void> {
    this.#pending = merge(this.#pending, request)
    this.#overtake.abort(overtaken())
    const mine = new AbortController()
    this.#overtake = mine
    const before = this.#last
    this.#last = (async () => {
      await first
      await before
      if (mine.signal.aborted || this.#options.ending.aborted) return
      await this.#apply(mine.signal)
    })()
    await this.#last
  }

  /** Returns when nothing is under way any more. */
  async settled(): Promise<void> {
    await this.#last
  }

  async #apply(newer: AbortSignal): Promise<void> {
    const { ending } = this.#options
    const began = performance.now()
    const { files } = this.#pending
    this.#say('begun', `${sayFiles(files)}.`, {})
    try {
      const nodes = await this.#lead(newer)
      const ms = performance.now() - began
      this.#pending = nothingPending
      this.#say('done', sayDone(files, nodes, ms), { files, nodes, ms: Math.round(ms) })
      this.#options.onDone()
    } catch (error) {
      if (newer.aborted || ending.aborted) return
      // What has failed is over: the next change starts what it has left, and is named alone.
      this.#pending = { ...this.#pending, files: [] }
      const report = mendInDev(reportOf(error))
      this.#say('failed', `${sayFiles(files)}: ${report.message}`, { files, error: report })
    }
  }

  async #lead(newer: AbortSignal): Promise<string[]> {
    const { context, ending } = this.#options
    const course = { ending, overtaken: newer }
    await prepareChange(context, this.#pending, course)
    // The config is taken over; what may still go wrong is a service, which a later change starts.
    this.#pending = { ...this.#pending, migrate: false, system: null }
    return await restartNodes(context, this.#pending, course)
  }

  #say(
    outcome: 'begun' | 'done' | 'failed',
    sentence: string,
    facts: {
      files?: Pending['files']
      nodes?: readonly string[]
      ms?: number
      error?: ReturnType<typeof reportOf>
    },
  ): void {
    const { files = this.#pending.files, nodes = [], ms = null, error = null } = facts
    this.#options.context.events.add({ type: 'change', outcome, sentence, files, nodes, ms, error })
  }
}

function overtaken(): BanyanError {
  return new BanyanError('BANYAN_INTERRUPTED', 'A newer change came in between.', {
    hint: 'Nothing needs to be done: the newer one takes over what this one had still to do.',
  })
}
