import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { StoreFile } from '@banyan/store'
import { isSameProcess } from '../sites/identity.ts'
import type { Exit } from '../sites/site.ts'
import type { StatePaths } from '../state/paths.ts'
import { countExit, pauseAfterSignalMs, pauseBeforeStartMs } from '../supervise/backoff.ts'
import { sayExit } from '../supervise/situation.ts'
import { Waker } from '../supervise/waker.ts'
import { isStoreHealthy } from './ask-store.ts'
import { freeStorePort, isFree } from './store-port.ts'
import {
  asRead,
  findStore,
  killStore,
  readStoreFile,
  type StoreProcess,
  startStore,
  stopStore,
} from './store-process.ts'
import { decideStore, type StoreFacts } from './store-situation.ts'

export type StoreKeeperOptions = {
  readonly paths: StatePaths
  /** What the store is to be told at this port; null where none is to run. */
  readonly file: (port: number) => StoreFile | null
  readonly port: number
  /** Hears a sentence when the store died, hangs, or cannot be started. */
  readonly say: (sentence: string) => void
  /** Hears that the store is somewhere else from now on. */
  readonly onPort: (port: number) => void
  /** Absent: the store itself. */
  readonly program?: string
}

const askEveryMs = 1_000
/** How long the end of one that is not our child goes unnoticed. */
const lookEveryMs = 250
/** A port that is held for longer is somebody else's. */
const lettingGoMs = 2_000
/** After so many that ended at once, somebody should know. */
const worthSaying = 3

const nothingYet: StoreFacts = {
  wanted: true,
  running: false,
  stale: false,
  answered: false,
  missed: 0,
  isStill: false,
  startedAtMs: 0,
  retryAtMs: Number.NEGATIVE_INFINITY,
}

/**
 * Keeps the store running, beside everything else: nothing waits for it, and whatever goes wrong with it is one
 * sentence. Level-based, as the keeper of a node: looks, does one thing, and looks again.
 */
export class StoreKeeper {
  readonly #options: StoreKeeperOptions
  readonly #waker = new Waker()
  readonly #refusedPorts = new Set<number>()
  #port: number
  #process: StoreProcess | null = null
  #told: StoreFile | null = null
  #facts = nothingYet
  #askedAtMs = Number.NEGATIVE_INFINITY
  #answeredAtMs: number | null = null
  #ranAtFirstMiss: string | null = null
  #takenSinceMs: number | null = null
  #quickExits = 0
  /** Why the one that runs was started, where that is worth a word once it answers. */
  #news: string | null = null
  #failure = ''
  #over = false
  #loop: Promise<void> | null = null

  constructor(options: StoreKeeperOptions) {
    this.#options = options
    this.#port = options.port
  }

  get port(): number {
    return this.#port
  }

  /** The process that was last seen to run; null without one. */
  get pid(): number | null {
    return this.#process?.identity.pid ?? null
  }

  get isAnswering(): boolean {
    return this.#process !== null && this.#facts.answered && this.#facts.missed === 0
  }

  /** Takes over the store that an earlier control left running, and says whether there was one. */
  async adopt(): Promise<boolean> {
    if (this.#process !== null) return true
    const found = await findStore(this.#options.paths)
    if (found === null) return false
    this.#told = await readStoreFile(this.#options.paths)
    this.#process = found
    // One that hangs has had its time: it is ended after the answers of a running one.
    this.#facts = { ...nothingYet, running: true, answered: true, startedAtMs: performance.now() }
    return true
  }

  run(): void {
    this.#loop ??= this.#run()
  }

  /** Ends the store in order, and returns when it has ended. */
  async stop(): Promise<void> {
    await this.release()
    if (this.#process === null) await this.adopt().catch(() => false)
    if (this.#process !== null) await stopStore(this.#options.paths, this.#process)
    this.#process = null
  }

  /** Leaves the store as it is, for the next control. */
  async release(): Promise<void> {
    this.#over = true
    this.#waker.wake()
    await this.#loop
  }

  /** What the store is to be told may be something else now. */
  wake(): void {
    this.#waker.wake()
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      // A full disk or a deleted folder is tried again; it is no reason to look after nothing else.
      await this.#round().catch((error: unknown) => this.#noteFailure(error))
      if (!this.#over) await this.#waker.rest(this.#restMs())
    }
  }

  async #round(): Promise<void> {
    this.#look()
    const { paths } = this.#options
    const found = this.#process
    switch (decideStore(this.#facts, performance.now())) {
      case 'start':
        return await this.#start()
      case 'ask':
        return await this.#ask()
      case 'stop':
        // Forgotten first: its end is no news then.
        this.#forget()
        if (found !== null) await stopStore(paths, found)
        return
      case 'kill':
        this.#forget()
        this.#news = 'gave no answer and was ended'
        if (found !== null) await killStore(paths, found)
        return
      case 'rest':
        return
    }
  }

  #look(): void {
    const found = this.#process
    if (found !== null && !isSameProcess(found.identity))
      this.#noteEnd({ code: null, signal: null })
    const file = this.#options.file(this.#port)
    const stale =
      file !== null && this.#told !== null && !isDeepStrictEqual(asRead(file), this.#told)
    this.#facts = { ...this.#facts, wanted: file !== null, stale }
  }

  async #start(): Promise<void> {
    if (await this.adopt()) return
    if (!(await this.#hasPort())) return
    const file = this.#options.file(this.#port)
    if (file === null) return
    this.#failure = ''
    const startedAtMs = performance.now()
    const { paths, program } = this.#options
    const onWord = (word: unknown): void => this.#hear(word)
    const process = await startStore(paths, { file, onWord, ...(program && { program }) })
    this.#process = process
    this.#told = asRead(file)
    this.#answeredAtMs = null
    this.#facts = { ...this.#facts, running: true, answered: false, missed: 0, startedAtMs }
    void process.exit?.then((exit) => {
      if (this.#process !== process) return
      this.#noteEnd(exit)
      this.#waker.wake()
    })
  }

  /**
   * The threads of a process that was killed end one after the other, and the last one lets go of its port: only
   * who holds it for longer is somebody else.
   */
  async #hasPort(): Promise<boolean> {
    const nowMs = performance.now()
    const since = (await isFree(this.#port)) ? null : (this.#takenSinceMs ?? nowMs)
    this.#takenSinceMs = since
    if (since === null) return true
    const isElse = nowMs - since > lettingGoMs
    if (isElse) await this.#move()
    else this.#facts = { ...this.#facts, retryAtMs: nowMs + lookEveryMs }
    return isElse
  }

  /** Somebody else has taken the port while the store was away. */
  async #move(): Promise<void> {
    const before = this.#port
    this.#refusedPorts.add(before)
    this.#takenSinceMs = null
    this.#port = await freeStorePort(this.#options.paths, this.#refusedPorts)
    const sentence = `Somebody else listens on port ${before}; the store is at ${this.#port} from now on.`
    this.#options.say(sentence)
    this.#options.onPort(this.#port)
  }

  #hear(word: unknown): void {
    const { kind, message } = word as { kind?: unknown; message?: unknown }
    if (kind === 'failed' && typeof message === 'string') this.#failure = message
    if (kind === 'listening') {
      this.#askedAtMs = Number.NEGATIVE_INFINITY
      this.#waker.wake()
    }
  }

  async #ask(): Promise<void> {
    const nowMs = performance.now()
    if (nowMs - this.#askedAtMs < askEveryMs) return
    this.#askedAtMs = nowMs
    const asked = this.#process
    const { host = '', token = '' } = this.#told ?? {}
    const isWell = await isStoreHealthy({ host, port: this.#told?.port ?? this.#port, token })
    if (this.#process !== asked) return
    const missed = isWell ? 0 : this.#facts.missed + 1
    const ran = isWell || asked === null ? null : runTimeOf(asked.identity.pid)
    if (missed === 1) this.#ranAtFirstMiss = ran
    const isStill = missed > 1 && ran === this.#ranAtFirstMiss
    this.#facts = { ...this.#facts, answered: this.#facts.answered || isWell, missed, isStill }
    if (isWell) this.#noteAnswer()
  }

  #noteAnswer(): void {
    this.#answeredAtMs ??= performance.now()
    if (this.#news === null) return
    this.#options.say(`The store ${this.#news}; process ${this.pid} has taken its place.`)
    this.#news = null
  }

  #noteEnd(exit: Exit): void {
    const answeredForMs =
      this.#answeredAtMs === null ? null : performance.now() - this.#answeredAtMs
    this.#quickExits = countExit(this.#quickExits, answeredForMs)
    const pauseOf = exit.code === null ? pauseAfterSignalMs : pauseBeforeStartMs
    this.#forget(performance.now() + pauseOf(this.#quickExits))
    this.#news = `ended (${sayExit(exit)})`
    if (this.#quickExits === worthSaying) this.#options.say(hopeless(this.#failure))
  }

  #noteFailure(error: unknown): void {
    this.#failure = error instanceof Error ? error.message : String(error)
    this.#quickExits += 1
    const retryAtMs = performance.now() + pauseBeforeStartMs(this.#quickExits + 1)
    this.#facts = { ...this.#facts, retryAtMs }
    if (this.#quickExits === worthSaying) this.#options.say(hopeless(this.#failure))
  }

  #forget(retryAtMs = Number.NEGATIVE_INFINITY): void {
    this.#process = null
    this.#told = null
    this.#answeredAtMs = null
    this.#facts = { ...this.#facts, running: false, answered: false, missed: 0, retryAtMs }
  }

  /** Until the next thing can have happened that no event tells. */
  #restMs(): number {
    const nowMs = performance.now()
    if (this.#process === null)
      return Math.min(askEveryMs, Math.max(1, this.#facts.retryAtMs - nowMs))
    const untilAskedMs = Math.max(1, this.#askedAtMs + askEveryMs - nowMs)
    return this.#process.exit === null ? Math.min(lookEveryMs, untilAskedMs) : untilAskedMs
  }
}

/** How long a process has been on a CPU, by its first thread; null where nobody knows. */
function runTimeOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0] ?? null
  } catch {
    return null
  }
}

function hopeless(failure: string): string {
  const why = failure === '' ? 'store.log says why' : failure.replace(/\.$/, '')
  return `The store does not start: ${why}. Charts, logs and traces are not kept meanwhile; the app goes on without.`
}
