import type { ChildProcess } from 'node:child_process'
import { rotate } from '../logs/rotate.ts'
import { identify, isSameProcess, type ProcessIdentity } from '../sites/identity.ts'
import type { Lock } from '../state/lock.ts'
import type { StatePaths } from '../state/paths.ts'
import { countExit, pauseAfterSignalMs, pauseBeforeStartMs } from '../supervise/backoff.ts'
import { log } from './log.ts'
import { Pause } from './pause.ts'
import { sendSignal } from './send-signal.ts'
import { controlProgram, spawnOwn } from './spawn.ts'
import { type Channel, untilClosed, untilGone } from './watch.ts'
import type { ControlWord, FirstWord } from './words.ts'

export type KeptControl = {
  readonly paths: StatePaths
  readonly lock: Lock
  /** The descriptors of the public sockets, which every control gets copies of. */
  readonly sockets: readonly number[]
  /** Whether the system has been up under this holder or the one before. */
  readonly ready: boolean
  /** Hears once how the first control began. */
  readonly onFirstWord: (word: FirstWord) => void
  /** Called before each start but the first. */
  readonly onStart: () => void
}

/** A control that runs, as its holder sees it. */
type Watched = {
  readonly identity: ProcessIdentity
  /** Resolves with how it ended, once it has. */
  readonly gone: Promise<string>
}

/**
 * Keeps a control running. One that dies is started again: at once, then after pauses of up to 5 s.
 * Control's own words decide when that is over: it stops everything because it was asked to, or the
 * system did not come up when somebody first asked for it. Once it has been up, only being asked to
 * stop ends it: whatever makes control fail may pass.
 */
export class ControlKeeper {
  readonly #kept: KeptControl
  readonly #pause = new Pause()
  #watched: Watched | null = null
  #ready: boolean
  #isOver = false
  #hasSpoken = false
  #listeningSince: number | null = null
  #quickExits = 0
  #lastFailure = ''

  constructor(kept: KeptControl) {
    this.#kept = kept
    this.#ready = kept.ready
  }

  /** Starts a control, and returns when none is wanted any more and none runs. */
  async run(): Promise<void> {
    await this.#keep(this.#start())
  }

  /** The same for a control that runs already, at the other end of the channel. */
  async join(channel: Channel, identity: ProcessIdentity): Promise<void> {
    this.#hasSpoken = true
    this.#listeningSince = performance.now()
    channel.on('message', (word) => this.#hear(word as ControlWord))
    const gone = untilGone(channel, identity).then(() => unseen)
    await this.#keep({ identity, gone })
  }

  /** Has control stop everything in order; `run` returns when it has. */
  end(): void {
    this.#isOver = true
    this.#pause.end()
    const identity = this.#watched?.identity
    if (identity !== undefined && isSameProcess(identity)) sendSignal(identity.pid, 'SIGTERM')
  }

  async #keep(first: Watched): Promise<void> {
    for (let watched = first; ; watched = this.#start()) {
      this.#watched = watched
      const how = await watched.gone
      this.#watched = null
      this.#noteEnd(watched, how)
      if (this.#isOver) return
      await this.#pause.take(this.#pauseMs(how))
      // Nobody else bounds the log of a control that never gets that far.
      await rotate(this.#kept.paths.controlLog).catch(() => false)
      // A state directory that was moved or deleted is nothing to start a control for.
      if (this.#isOver || !this.#kept.lock.isThere()) return
      this.#kept.onStart()
    }
  }

  #noteEnd({ identity }: Watched, how: string): void {
    const livedMs = this.#listeningSince === null ? null : performance.now() - this.#listeningSince
    this.#quickExits = countExit(this.#quickExits, livedMs)
    if (!this.#hasSpoken) {
      this.#isOver = true
      this.#kept.onFirstWord({ kind: 'died', how })
    }
    if (this.#isOver) return
    // One line each time would fill the disk that may be the reason.
    const isNews = this.#quickExits <= 10 || this.#quickExits % 100 === 0
    if (!isNews && this.#lastFailure === how) return
    this.#lastFailure = how
    const pauseMs = this.#pauseMs(how)
    log('control ended and is started again', { pid: identity.pid, how, pauseMs })
  }

  #pauseMs(how: string): number {
    const isSignal = how.startsWith('SIG') || how === unseen
    return (isSignal ? pauseAfterSignalMs : pauseBeforeStartMs)(this.#quickExits)
  }

  #start(): Watched {
    this.#listeningSince = null
    const child = this.#spawn()
    if (child instanceof Error) return notStarted(child.message)
    const failed = new Promise<string>((resolve) => {
      child.once('error', ({ message }) => resolve(message))
    })
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`))
    })
    child.on('message', (word) => this.#hear(word as ControlWord))
    const { pid } = child
    if (pid === undefined) return { identity: nobody, gone: failed }
    // Its last words may arrive after the news of its end.
    const gone = Promise.all([exited, untilClosed(child)]).then(([how]) => how)
    return { identity: identify(pid) ?? { pid, startTime: 'ended' }, gone }
  }

  #spawn(): ChildProcess | Error {
    const { paths, sockets } = this.#kept
    const given = { BANYAN_PUBLIC_FDS: String(sockets.length) }
    try {
      return spawnOwn({
        words: [controlProgram, paths.directory],
        cwd: paths.directory,
        logFile: paths.controlLog,
        environment: { ...process.env, BANYAN_HOLDER: String(process.pid), ...given },
        sockets,
      })
    } catch (error) {
      return error as Error
    }
  }

  #hear(word: ControlWord): void {
    if (word.kind === 'listening' || word.kind === 'refused') this.#hearFirst(word)
    if (word.kind === 'ready') this.#ready = true
    if (word.kind === 'stopping') this.#isOver = true
    const failed = word.kind === 'refused' || (word.kind === 'ended' && word.ending === 'failed')
    if (failed && !this.#ready) this.#isOver = true
  }

  #hearFirst(word: ControlWord & FirstWord): void {
    if (word.kind === 'listening') this.#listeningSince = performance.now()
    if (this.#hasSpoken) return
    this.#hasSpoken = true
    this.#kept.onFirstWord(word)
  }
}

/** Of a control that was not our child nobody tells us how it ended. */
const unseen = 'without a word'

const nobody: ProcessIdentity = { pid: 0, startTime: 'not started' }

/** No process or no descriptor was to be had. */
function notStarted(reason: string): Watched {
  return { identity: nobody, gone: Promise.resolve(reason) }
}
