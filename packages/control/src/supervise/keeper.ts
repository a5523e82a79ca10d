import type { NodeHealth } from '@banyan/model'
import type { Exit } from '../sites/site.ts'
import { countExit, isCrash, neverMs, pauseBeforeStartMs } from './backoff.ts'
import type { NodeDriver, Presence } from './driver.ts'
import {
  classify,
  healthOf,
  type NodeFacts,
  type Situation,
  sayPaused,
  sentenceOf,
} from './situation.ts'
import { Waker } from './waker.ts'

export type KeeperOptions = {
  readonly driver: NodeDriver
  /** A monotonic clock in milliseconds. */
  readonly now: () => number
  readonly mayStart: () => boolean
  /** Whether somebody has cut the node off on purpose. Absent: nobody ever does. */
  readonly isCut?: () => boolean
  /** Called whenever the situation has another name than before. */
  readonly onChange: (keeper: Keeper) => void
}

/** How often a process that is not our child is looked at: the longest that its end goes unnoticed. */
const lookEveryMs = 100
const probeEveryMs = 1_000
const firstProbesEveryMs = 15
const slowProbesEveryMs = 100
const longestRestMs = 60_000

/**
 * Keeps one node as it is wanted. Level-based: each round looks at what is there, names it, does one
 * thing about it and looks again; an event only ends the rest between two rounds early.
 */
export class Keeper {
  readonly driver: NodeDriver
  readonly #options: KeeperOptions
  readonly #waker = new Waker()
  #presence: Presence | null = null
  #facts: NodeFacts
  #situation: Situation = 'stopped'
  #probedAtMs = Number.NEGATIVE_INFINITY
  #starting: AbortController | null = null
  #loop: Promise<void> | null = null
  #startedByUs = false
  #startError: unknown = null
  #ended = false
  #cleared = false
  #hasLooked: () => void = () => {}
  /** Settles when the node was looked at for the first time. */
  readonly looked = new Promise<void>((resolve) => {
    this.#hasLooked = resolve
  })

  constructor(options: KeeperOptions) {
    this.#options = options
    this.driver = options.driver
    this.#facts = {
      wanted: false,
      running: false,
      paused: false,
      mayStart: true,
      startedAtMs: null,
      readySinceMs: null,
      missedProbes: 0,
      missing: null,
      quickExits: 0,
      retryAtMs: Number.NEGATIVE_INFINITY,
      lastExit: null,
      startFailure: null,
      startTimeoutMs: options.driver.startTimeoutMs,
    }
  }

  get name(): string {
    return this.driver.node.name
  }
  get facts(): NodeFacts {
    return this.#facts
  }
  get situation(): Situation {
    return this.#situation
  }
  get presence(): Presence | null {
    return this.#presence
  }
  get health(): NodeHealth {
    return healthOf(this.#situation, this.#facts)
  }
  get sentence(): string {
    return (
      this.driver.say?.(this.#situation, this.#facts) ??
      sentenceOf(this.name, this.#situation, this.#facts, this.#options.now())
    )
  }
  /** False for a node that ran before us and was adopted. */
  get startedByUs(): boolean {
    return this.#startedByUs
  }
  /** What the last start threw, when it did not come to an end. */
  get startError(): unknown {
    return this.#startError
  }

  /** From now on the node is to run. What runs already is adopted before anything is started. */
  async want(): Promise<void> {
    if (this.#loop !== null) return
    this.#adopt(await this.driver.find())
    this.#change({ wanted: true })
    this.#loop = this.#run()
    // Whoever stops the node is told; nobody else can do anything about it.
    this.#loop.catch(() => {})
  }

  /** Stops the node for good and returns when nothing of it is left. */
  async unwant(): Promise<void> {
    this.#change({ wanted: false })
    this.#starting?.abort()
    this.#waker.wake()
    const loop = this.#loop
    this.#loop = null
    await (loop === null ? this.driver.stop() : loop)
  }

  /** Leaves the node running and stops looking after it. */
  async release(): Promise<void> {
    this.#ended = true
    this.#waker.wake()
    await this.#loop
  }

  wake(): void {
    this.#waker.wake()
  }

  /** Whoever decides over this node wants it started now, however its last starts went. */
  retry(): void {
    this.#startError = null
    this.#change({ retryAtMs: Number.NEGATIVE_INFINITY })
    this.#waker.wake()
  }

  /** Sees whether the node stands still. Looked at each time anew, so that the next control knows it too. */
  async seePause(): Promise<void> {
    const presence = this.#presence
    const paused = presence !== null && (await this.driver.isPaused?.(presence)) === true
    // One that another control left standing is not late; its time begins when it goes on.
    if (paused && !this.#startedByUs) this.#change({ startedAtMs: this.#options.now() })
    if (paused === this.#facts.paused) return
    this.#probedAtMs = Number.NEGATIVE_INFINITY
    const missing = paused ? sayPaused(this.name) : null
    this.#change({ paused, missing, missedProbes: 0 })
  }

  /** Sees whether somebody has cut the node off, or mended that: it is asked at once. */
  seeCut(): void {
    this.#probedAtMs = Number.NEGATIVE_INFINITY
    this.#change({ cut: this.#options.isCut?.() === true })
    this.#waker.wake()
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#observe()
        if (this.#ended) return
        if (this.#situation === 'stopped') return await this.#clear()
        await this.#act()
      } catch (error) {
        if (!this.#facts.wanted) throw error
        this.#noteTrouble(error)
      } finally {
        this.#hasLooked()
      }
      this.#rename()
      await this.#waker.rest(this.#restMs())
    }
  }

  /** A process that ended by itself may have left others behind. */
  async #clear(): Promise<void> {
    if (!this.#cleared) await this.driver.stop()
  }

  /** What keeps us from looking after the node is said with it, and tried again a moment later. */
  #noteTrouble(error: unknown): void {
    this.#change({ missing: error instanceof Error ? error.message : String(error) })
  }

  async #observe(): Promise<void> {
    if (this.#presence !== null && !(await this.driver.isRunning(this.#presence))) {
      await this.#noteExit(this.#presence)
    }
    const cut = this.#options.isCut?.() === true
    this.#facts = { ...this.#facts, mayStart: this.#options.mayStart(), cut }
    await this.seePause()
    // What stands still is not asked: it would take as long as an answer may.
    const asked = this.#facts.wanted && !this.#facts.paused
    if (this.#presence !== null && asked) await this.#probe(this.#presence)
    this.#rename()
  }

  /** The only place that acts: one thing for each situation. */
  async #act(): Promise<void> {
    if (this.#situation === 'due') return await this.#start()
    if (this.#situation === 'stopping') {
      await this.driver.stop()
      this.#presence = null
      this.#cleared = true
      this.#change({ running: false, readySinceMs: null, lastExit: null })
    }
  }

  async #start(): Promise<void> {
    this.#starting = new AbortController()
    this.#change({ startedAtMs: this.#options.now(), startFailure: null, missing: null })
    try {
      const presence = await this.driver.start(this.#starting.signal)
      this.#startedByUs = true
      this.#startError = null
      this.#adopt(presence)
    } catch (error) {
      if (this.#facts.wanted) this.#noteFailure(error)
    } finally {
      this.#starting = null
    }
  }

  #adopt(presence: Presence | null): void {
    this.#presence = presence
    if (presence === null) return
    this.#probedAtMs = Number.NEGATIVE_INFINITY
    const startedAtMs = this.#facts.startedAtMs ?? this.#options.now()
    this.#change({ running: true, readySinceMs: null, missedProbes: 0, startedAtMs })
    void presence.exit?.then(() => this.#waker.wake())
  }

  async #noteExit(presence: Presence): Promise<void> {
    const { readySinceMs } = this.#facts
    const nowMs = this.#options.now()
    const readyForMs = readySinceMs === null ? null : nowMs - readySinceMs
    const quickExits = countExit(this.#facts.quickExits, readyForMs)
    const lastExit = await exitOf(presence)
    const waits = this.driver.waitsAfterCrash === true && isCrash(lastExit, readyForMs)
    this.#presence = null
    this.#change({
      running: false,
      readySinceMs: null,
      missedProbes: 0,
      quickExits,
      lastExit,
      retryAtMs: waits ? neverMs : nowMs + pauseBeforeStartMs(quickExits),
    })
  }

  #noteFailure(error: unknown): void {
    this.#startError = error
    const quickExits = this.#facts.quickExits + 1
    // A start that fails is not tried again at once: nothing ended that could be brought back.
    const retryAtMs = this.#options.now() + pauseBeforeStartMs(quickExits + 1)
    this.#change({
      running: false,
      quickExits,
      lastExit: null,
      startFailure: error instanceof Error ? error.message : String(error),
      retryAtMs: this.driver.waitsAfterCrash === true ? neverMs : retryAtMs,
    })
  }

  async #probe(presence: Presence): Promise<void> {
    const nowMs = this.#options.now()
    const { readySinceMs } = this.#facts
    const steady = readySinceMs !== null && this.#facts.missedProbes === 0
    if (steady && nowMs - this.#probedAtMs < probeEveryMs) return
    this.#probedAtMs = nowMs
    const probe = await this.driver.probe(presence)
    if (probe.ready) {
      const since = readySinceMs ?? this.#options.now()
      this.#change({ readySinceMs: since, missedProbes: 0, missing: null })
    } else {
      const missedProbes = readySinceMs === null ? 0 : this.#facts.missedProbes + 1
      this.#change({ missedProbes, missing: probe.missing })
    }
  }

  #change(changed: Partial<NodeFacts>): void {
    this.#facts = { ...this.#facts, ...changed }
    this.#rename()
  }

  #rename(): void {
    const before = this.#situation
    this.#situation = classify(this.#facts, this.#options.now())
    if (this.#situation !== before) this.#options.onChange(this)
  }

  /** Until the next thing can have happened that no event tells. */
  #restMs(): number {
    const { situation } = this
    if (situation === 'stopping' || situation === 'stopped') return 0
    if (situation === 'due') return firstProbesEveryMs
    if (situation === 'waiting') return this.#waitingRestMs()
    if (situation === 'rising') return this.#risingRestMs()
    if (situation === 'healthy' && this.#presence?.exit != null) return probeEveryMs
    return lookEveryMs
  }

  #waitingRestMs(): number {
    return Math.min(longestRestMs, Math.max(1, this.#facts.retryAtMs - this.#options.now()))
  }

  #risingRestMs(): number {
    const ageMs = this.#options.now() - (this.#facts.startedAtMs ?? 0)
    return ageMs < 2_000 ? firstProbesEveryMs : slowProbesEveryMs
  }
}

/** How it ended, for those whose parent we are; their event may be a moment behind. */
async function exitOf(presence: Presence): Promise<Exit | null> {
  if (presence.exit === null) return null
  return await presence.exit
}
