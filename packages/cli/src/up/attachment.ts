import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ControlClient,
  type ControlEvent,
  errorOf,
  type PreparedUp,
  type StartedControl,
  untilEnded,
} from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import { FirstScreen } from './first-screen.ts'
import { LiveLogs } from './live-logs.ts'

const longestGoodbyeMs = 10_000
const logLagMs = 150

export type AttachmentOptions = {
  readonly json: boolean
  readonly detach: boolean
  /** Called once, when the system is up or, in `dev`, waits for its first mending. */
  readonly onSettled?: (client: ControlClient) => void
}

/** A terminal that stays with the system that it started. */
export class Attachment {
  readonly #prepared: PreparedUp
  readonly #options: AttachmentOptions
  readonly #screen: FirstScreen
  readonly #logs: LiveLogs
  #ready = false
  #stopped = false
  #failure: BanyanError | null = null

  constructor(prepared: PreparedUp, options: AttachmentOptions) {
    this.#prepared = prepared
    this.#options = options
    this.#screen = new FirstScreen(options)
    this.#logs = new LiveLogs(prepared.paths, options.json)
  }

  /** Before anything is started, so that no line of any log is missed. */
  async begin(): Promise<void> {
    this.#screen.begin(this.#prepared.system.name, this.#prepared.settings.rungs)
    await this.#logs.remember(this.#prepared.system)
  }

  /** Follows what control says; returns the exit code. */
  async follow({ client, identity }: StartedControl, signal: AbortSignal): Promise<number> {
    const giveUp = new AbortController()
    const stop = () => {
      this.#screen.stopping()
      client.down().catch((error) => {
        // An answer that does not come shows in the events, which end with control. A refusal does not.
        if (error.code === 'BANYAN_CONTROL_FAILED' && this.#stopped) return
        this.#failure ??= error
        giveUp.abort()
      })
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
    try {
      for await (const event of client.events(giveUp.signal)) {
        await this.#take(event, client)
        if (this.#ready && this.#options.detach) return 0
      }
    } finally {
      signal.removeEventListener('abort', stop)
      await this.#logs.end()
    }
    // Its last word is not its end: whoever looks after us must find nothing.
    if (!giveUp.signal.aborted) await untilEnded(identity, longestGoodbyeMs)
    return this.#conclude(signal)
  }

  async #take(event: ControlEvent, client: ControlClient): Promise<void> {
    if (event.type === 'failed') this.#failure = errorOf(event.error)
    if (event.type === 'stopped') this.#stopped = true
    // A crash has printed why; its lines are read from the log a moment later, and come first.
    if (event.type === 'change' && event.outcome === 'failed') await sleep(logLagMs)
    this.#screen.show(event)
    const settles = event.type === 'ready' || event.type === 'change'
    if (!settles || this.#ready) return
    this.#ready = true
    this.#options.onSettled?.(client)
    if (this.#options.detach) return
    // A control that has just died is told by the end of its events, not by this.
    const status = await client.status().catch(() => null)
    if (status !== null) this.#logs.start(status.nodes)
  }

  /** Control has ended: as it was told to, because it failed, or unforeseen. */
  #conclude(signal: AbortSignal): number {
    if (this.#failure !== null) throw this.#failure
    if (this.#stopped && this.#ready) return 0
    if (this.#stopped) throw signal.aborted ? signal.reason : stoppedByOthers()
    throw new BanyanError(
      'BANYAN_CONTROL_FAILED',
      'The control process ended unexpectedly; what it had started goes on running without it.',
      {
        hint: `Run "banyan up" again: it takes over what runs. Why it ended may be in ${this.#prepared.paths.controlLog}.`,
      },
    )
  }
}

function stoppedByOthers(): BanyanError {
  return new BanyanError(
    'BANYAN_INTERRUPTED',
    'Somebody else stopped the system while it was starting.',
    {
      hint: 'Run "banyan up" to start it.',
    },
  )
}
