import type { ChildProcess } from 'node:child_process'
import { withCompileCache } from '../compile-cache.ts'
import { identify, type ProcessIdentity } from '../sites/identity.ts'
import type { StatePaths } from '../state/paths.ts'
import { countExit, pauseAfterSignalMs, pauseBeforeStartMs } from '../supervise/backoff.ts'
import { Pause } from './pause.ts'
import { holderProgram, spawnOwn } from './spawn.ts'
import { type Channel, say, untilClosed } from './watch.ts'
import type { ControlWord, HolderTask, HolderWord } from './words.ts'

export type KeptHolder = {
  readonly paths: StatePaths
  /** Our copies of the public sockets, which a new holder gets others of. */
  readonly sockets: readonly number[]
  /** Hears a sentence when a holder was replaced, or cannot be. */
  readonly onChange: (sentence: string) => void
}

type Link = Channel & Pick<ChildProcess, 'send'>

/** After so many that ended at once, somebody should know. */
const worthSaying = 3

/**
 * Control's side: tells its holder what it is about, and starts another when that one dies. The
 * holder it begins with is the process that started it.
 */
export class HolderKeeper {
  readonly #kept: KeptHolder
  readonly #pause = new Pause()
  #link: Link = process as Link
  #gone = untilClosed(process)
  #ready = false
  #isOver = false
  #quickExits = 0
  #holdingSince: number | null = performance.now()
  #wasKilled = true

  constructor(kept: KeptHolder) {
    this.#kept = kept
  }

  /** Watches the holder until `tell` has said that everything is being stopped. */
  async run(): Promise<void> {
    for (;;) {
      await this.#gone
      if (this.#isOver) return
      const heldMs = this.#holdingSince === null ? null : performance.now() - this.#holdingSince
      this.#quickExits = countExit(this.#quickExits, heldMs)
      if (this.#quickExits === worthSaying) this.#kept.onChange(hopeless)
      const pauseOf = this.#wasKilled ? pauseAfterSignalMs : pauseBeforeStartMs
      await this.#pause.take(pauseOf(this.#quickExits))
      if (this.#isOver) return
      try {
        this.#replace()
      } catch {
        // No process or no descriptor is to be had now; the link stays closed, so that it is tried again.
      }
    }
  }

  async tell(word: ControlWord): Promise<void> {
    if (word.kind === 'ready') this.#ready = true
    if (word.kind === 'stopping' || word.kind === 'ended' || word.kind === 'refused') {
      this.#isOver = true
      this.#pause.end()
    }
    await say(this.#link, word)
  }

  #replace(): void {
    this.#holdingSince = null
    this.#wasKilled = false
    const { paths, sockets } = this.#kept
    const child = spawnOwn({
      words: [holderProgram, paths.directory, JSON.stringify(this.#task())],
      cwd: paths.directory,
      logFile: paths.holderLog,
      environment: withCompileCache(process.env),
      sockets,
    })
    child.on('message', (word: HolderWord) => {
      if (word.kind !== 'holding') return
      this.#holdingSince = performance.now()
      this.#kept.onChange(`The holder died; process ${child.pid} has taken its place.`)
    })
    // What became ready before there was anybody to tell is in the task.
    this.#link = child as Link
    const ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve())
      child.once('exit', (_code, signal) => {
        this.#wasKilled = signal !== null
        resolve()
      })
    })
    this.#gone = Promise.all([ended, untilClosed(child)]).then(() => {})
  }

  #task(): HolderTask {
    const { sockets } = this.#kept
    return { kind: 'join', control: self(), ready: this.#ready, sockets: sockets.length }
  }
}

const hopeless = 'The holder died and does not start again yet; holder.log says why.'

function self(): ProcessIdentity {
  const { pid } = process
  return identify(pid) ?? { pid, startTime: 'unknown' }
}
