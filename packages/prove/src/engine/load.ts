import { isCounted } from '../http/failures.ts'
import type { Action, Scenario } from '../scenario.ts'
import { chooserOf } from './choose.ts'
import { type ActionFigures, Figures } from './figures.ts'
import { Pacemaker } from './pacemaker.ts'
import { mixSeed, Random } from './random.ts'
import { sayThrown } from './thrown.ts'
import { type Run, RunTurn } from './turn.ts'

export type LoadOptions = {
  readonly rate: number
  readonly seconds: number
  /** So many actions may be under way; more wait, so that a server that answers nothing cannot fill our memory. */
  readonly inFlightMax: number
  /** An action that takes longer is counted as failed; its requests have deadlines of their own. */
  readonly actionMs: number
  readonly signal: AbortSignal
}

/** Starts at most so many actions before answers are looked at again. */
const burstMax = 64

/** The first arrivals are a little in the future, so that the pacemaker runs by then. */
const leadMs = 250

/** So long after the end a sender that lags may still start what was due before it. */
const graceMs = 500

/** An action that is under way. */
type Running = {
  readonly name: string
  readonly startedMs: number
  readonly figures: ActionFigures
}

/**
 * The load itself. Arrival `i` is due at `begin + i / rate`, whatever the server does: nothing that it
 * answers, or does not, moves a later arrival. When we cannot keep up, the arrivals start late, and their
 * latencies count from when they were due.
 */
export class Load {
  readonly figures: Figures
  readonly beginMs: number
  endMs: number
  /** How often the cap on actions under way held one back. */
  heldBack = 0
  readonly #run: Run
  readonly #world: unknown
  readonly #options: LoadOptions
  readonly #actions: readonly { readonly action: Action; readonly figures: ActionFigures }[]
  readonly #choose: (point: number) => number
  readonly #spacingMs: number
  readonly #running = new Set<Running>()
  #next = 0
  #scheduled = false
  #stopped = false
  #finish: () => void = () => {}
  /** The action that runs at this moment, for whoever finds us stuck. */
  onEnter: ((name: string) => void) | null = null

  constructor(scenario: Scenario, world: unknown, run: Run, options: LoadOptions) {
    this.#run = run
    this.#world = world
    this.#options = options
    this.#spacingMs = 1000 / options.rate
    this.beginMs = run.now() + leadMs
    this.endMs = this.beginMs + options.seconds * 1000
    this.figures = new Figures(this.beginMs)
    this.#choose = chooserOf(scenario.actions.map(({ weight }) => weight))
    this.#actions = scenario.actions.map((action) => ({
      action,
      figures: this.figures.action(action.name),
    }))
  }

  /** How many arrivals were due until the end. */
  get due(): number {
    return Math.ceil((this.endMs - this.beginMs) / this.#spacingMs - 1e-9)
  }

  get inFlight(): number {
    return this.#running.size
  }

  /** Runs from the first arrival to the last, or until it is aborted; actions may still be under way. */
  async run(originMs: number): Promise<void> {
    const { signal } = this.#options
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve
    })
    const pacemaker = new Pacemaker(originMs + this.beginMs, this.#spacingMs, () =>
      this.#startDue(),
    )
    const overdue = setInterval(() => this.#dropOverdue(), 250)
    const cut = () => this.#end(this.#run.now())
    signal.addEventListener('abort', cut)
    const end = setTimeout(() => this.#endSoon(), this.endMs - this.#run.now())
    if (signal.aborted) cut()
    try {
      await finished
    } finally {
      clearTimeout(end)
      clearInterval(overdue)
      signal.removeEventListener('abort', cut)
      await pacemaker.stop()
    }
  }

  /** Waits for what is under way, but not for actions that never end. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      this.#dropOverdue()
    }
  }

  /** Arrivals that were due right before the end are started, be it a little late. */
  #endSoon(): void {
    this.#startDue()
    const isComplete = this.#next >= this.due
    if (isComplete || this.#run.now() > this.endMs + graceMs) this.#end(this.endMs)
    else if (!this.#stopped) setTimeout(() => this.#endSoon(), 5)
  }

  #end(atMs: number): void {
    if (this.#stopped) return
    this.#startDue()
    this.#stopped = true
    this.endMs = Math.max(this.beginMs, Math.min(this.endMs, atMs))
    this.figures.noteGap(this.endMs)
    this.#finish()
  }

  readonly #startDue = (): void => {
    const now = this.#run.now()
    let burst = 0
    while (!this.#stopped) {
      const intendedMs = this.beginMs + this.#next * this.#spacingMs
      if (intendedMs > now || intendedMs >= this.endMs) return
      if (this.#running.size >= this.#options.inFlightMax) {
        this.heldBack++
        return
      }
      if (burst++ === burstMax) {
        this.#startSoon()
        return
      }
      this.#start(this.#next++, intendedMs)
    }
  }

  /** Lets answers in between: a sender that only sends would measure itself. */
  #startSoon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#startDue()
    })
  }

  #start(index: number, intendedMs: number): void {
    const chosen =
      this.#actions[this.#choose(new Random(mixSeed(this.#run.seed, -1 - index)).next())]
    if (!chosen) return
    const { action, figures } = chosen
    const startedMs = this.#run.now()
    this.figures.started++
    figures.started++
    this.figures.lag.record(Math.max(1, Math.round((startedMs - intendedMs) * 1e6)))
    const running = { name: action.name, startedMs, figures }
    this.#running.add(running)
    const turn = new RunTurn(this.#run, index, {
      figures: this.figures,
      action: figures,
      intendedMs,
    })
    this.onEnter?.(action.name)
    this.#perform(action, turn, running).catch(() => {})
  }

  async #perform(action: Action, turn: RunTurn, running: Running): Promise<void> {
    try {
      await action.run(turn, this.#world)
    } catch (error) {
      // An action that was given up is counted already, and so is what its requests threw.
      if (this.#running.has(running) && !isCounted(error)) {
        this.figures.fail(running.figures, `action "${action.name}": ${sayThrown(error)}`)
      }
    } finally {
      if (this.#running.delete(running) && this.heldBack > 0) this.#startDue()
    }
  }

  /** An action whose promise never settles would hold its place for ever. The oldest come first. */
  #dropOverdue(): void {
    const limitMs = this.#run.now() - this.#options.actionMs
    for (const running of this.#running) {
      if (running.startedMs > limitMs) return
      this.#running.delete(running)
      const seconds = this.#options.actionMs / 1000
      this.figures.fail(running.figures, `action "${running.name}" did not end within ${seconds} s`)
    }
  }
}
