import { setTimeout as sleep } from 'node:timers/promises'
import {
  ControlClient,
  type ControlEvent,
  errorOf,
  findControl,
  findHolder,
  isSameProcess,
  observeOffline,
  type PreparedUp,
  type ProcessIdentity,
  type StartedControl,
  type StatePaths,
  stopOffline,
  untilEnded,
  untilHolderEnded,
} from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import { FirstScreen } from './first-screen.ts'
import { LiveLogs } from './live-logs.ts'

const longestGoodbyeMs = 10_000
const logLagMs = 150
/** How long one that only waits for the start stays without control. */
const longestGapMs = 15_000

export type AttachmentOptions = {
  readonly json: boolean
  readonly detach: boolean
  /** Called once, when the system is up or, in `dev`, waits for its first mending. */
  readonly onSettled?: (client: ControlClient) => void
  /** Called when another control has taken the place of one that died. */
  readonly onFollowed?: () => void
}

/** A terminal that stays with the system that it started, also while one control follows another. */
export class Attachment {
  readonly #prepared: PreparedUp
  readonly #options: AttachmentOptions
  readonly #screen: FirstScreen
  readonly #logs: LiveLogs
  readonly #client: ControlClient
  #socket = ''
  #stopping: Promise<void> | null = null
  #ready = false
  #stopped = false
  #failure: BanyanError | null = null

  constructor(prepared: PreparedUp, options: AttachmentOptions) {
    this.#prepared = prepared
    this.#options = options
    this.#screen = new FirstScreen(options)
    this.#logs = new LiveLogs(prepared.paths, options.json)
    this.#client = new ControlClient(() => this.#socket)
  }

  /** Before anything is started, so that no line of any log is missed. */
  async begin(): Promise<void> {
    this.#screen.begin(this.#prepared.system.name, this.#prepared.settings.rungs)
    const { differs } = this.#prepared
    if (differs.length > 0) this.#screen.differs(differs)
    await this.#logs.remember(this.#prepared.system)
  }

  /** What is done before control is there to say it. */
  say(sentence: string): void {
    this.#screen.show({ at: new Date().toISOString(), type: 'progress', sentence })
  }

  /** Follows what control says, and what the next one says; returns the exit code. */
  async follow({ socket, identity }: StartedControl, signal: AbortSignal): Promise<number> {
    this.#socket = socket
    const giveUp = new AbortController()
    const stop = () => {
      this.#screen.stopping()
      this.#stopping = this.#stop().catch((error) => {
        this.#failure ??= error
        giveUp.abort()
      })
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
    try {
      if (await this.#followAll(identity, giveUp.signal)) return 0
    } finally {
      signal.removeEventListener('abort', stop)
      await this.#logs.end()
    }
    return this.#conclude(signal)
  }

  /** True when it is up and nobody wants to stay. */
  async #followAll(first: ProcessIdentity, giveUp: AbortSignal): Promise<boolean> {
    for (let identity: ProcessIdentity | null = first; identity !== null; ) {
      if (await this.#followOne(giveUp)) return true
      if (giveUp.aborted) return false
      // Its last word is not its end: whoever looks after us must find nothing.
      await untilEnded(identity, longestGoodbyeMs)
      identity = await this.#findNext(identity, giveUp)
    }
    return false
  }

  async #followOne(giveUp: AbortSignal): Promise<boolean> {
    try {
      for await (const event of this.#client.events(giveUp)) {
        await this.#take(event)
        if (this.#ready && this.#options.detach) return true
      }
    } catch (error) {
      // It has died before it could be asked; the next one is looked for.
      if (!isSilence(error)) throw error
    }
    return false
  }

  /** The control that takes the place of one that died; null when none is wanted, or none comes. */
  async #findNext(last: ProcessIdentity, giveUp: AbortSignal): Promise<ProcessIdentity | null> {
    const { paths } = this.#prepared
    await this.#stopping
    if (this.#stopped || this.#failure !== null) {
      await untilHolderEnded(paths)
      return null
    }
    if (isSameProcess(last)) return last
    this.#screen.say(
      'lost',
      'Control died. What it started goes on, and another control takes over.',
    )
    const patient = this.#ready && !this.#options.detach
    const deadline = performance.now() + (patient ? Number.POSITIVE_INFINITY : longestGapMs)
    while (!giveUp.aborted && performance.now() < deadline) {
      if (this.#stopping !== null) return await this.#findNext(last, giveUp)
      const file = await findControl(paths)
      if (file !== null) {
        this.#socket = file.socket
        this.#options.onFollowed?.()
        return file
      }
      if (findHolder(paths) === null) {
        this.#stopped = this.#ready && (await isAllStopped(paths))
        return null
      }
    }
    return null
  }

  /** Has everything stopped, by control if one runs. */
  async #stop(): Promise<void> {
    try {
      await this.#client.down()
    } catch (error) {
      // An answer that does not come shows in the events, which end with control. A refusal does not.
      if (!isSilence(error)) throw error
      await sleep(logLagMs)
      if (!this.#stopped) await this.#stopWithout()
    }
  }

  /** For a control that died before it had stopped everything. */
  async #stopWithout(): Promise<void> {
    const control = await findControl(this.#prepared.paths)
    if (control === null) await stopOffline(this.#prepared.paths)
    else await new ControlClient(control.socket).down()
    this.#stopped = true
    this.#screen.say('stopped', 'Everything is stopped; the data stays.')
  }

  async #take(event: ControlEvent): Promise<void> {
    // Once it was up, one that does not get it up again is followed by another.
    if (event.type === 'failed' && !this.#ready) this.#failure = errorOf(event.error)
    if (event.type === 'stopped') this.#stopped = true
    // A crash has printed why; its lines are read from the log a moment later, and come first.
    if (event.type === 'change' && event.outcome === 'failed') await sleep(logLagMs)
    this.#screen.show(await this.#withConsole(event))
    const settles = event.type === 'ready' || event.type === 'change'
    if (!settles || this.#ready) return
    this.#ready = true
    this.#options.onSettled?.(this.#client)
    if (this.#options.detach) return
    // A control that has just died is told by the end of its events, not by this.
    const status = await this.#client.status().catch(() => null)
    if (status !== null) this.#logs.start(status.nodes)
  }

  /**
   * The address of the console opens it for whoever has it, so that control writes it into no log: the command
   * asks for it, and shows it to whoever called it.
   */
  async #withConsole(event: ControlEvent): Promise<ControlEvent> {
    if (event.type !== 'ready' || this.#ready) return event
    // Without a console, or with a control that has just died, the system is up all the same.
    const consoleUrl = await this.#client.consoleUrl().catch(() => null)
    return { ...event, consoleUrl }
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

/** Then it was not a death that ended it: somebody has stopped the system meanwhile. */
async function isAllStopped(paths: StatePaths): Promise<boolean> {
  const { nodes } = await observeOffline(paths)
  return nodes.every(({ pid }) => pid === null)
}

function isSilence(error: unknown): boolean {
  return BanyanError.is(error) && error.code === 'BANYAN_CONTROL_FAILED'
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
