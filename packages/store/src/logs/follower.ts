import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogLine } from '../api/types.ts'
import { readOn } from './file-reader.ts'
import type { FilePlace, LogFile, NodeLine } from './log-file.ts'
import { epochMs } from './log-schema.ts'
import { parseLine } from './parse-line.ts'
import type { Redactor } from './redact.ts'

export type FollowerOptions = {
  readonly logFile: LogFile
  readonly logs: string
  readonly controlLog: string
  readonly holderLog: string
  readonly redact: Redactor
  readonly lengthMax: number
  readonly keptMs: number
  readonly now: () => number
  readonly onLines: (lines: readonly LogLine[]) => void
  readonly onLost: (lines: number) => void
  /** What went wrong, null once it goes on. The lines are read again. */
  readonly onTrouble: (error: unknown) => void
}

const lookEveryMs = 250
/** After a failure; a disk that is full stays so for a while. */
const againMs = 1_000
/** A clock of another machine may be ahead by so much; more is none. */
const aheadMs = 600_000

/** Files whose last lines were there at the last look: what is new in them is of now. */
type State = {
  readonly place: FilePlace | null
  readonly lastAt: number | null
  isCurrent: boolean
}

/**
 * Follows every log of a system. How far it came is kept with the lines themselves, so that after any end it goes
 * on where it was: no line twice, and none left out that is still in a file.
 */
export class Follower {
  readonly #options: FollowerOptions
  readonly #states = new Map<string, State>()
  #generation = -1
  #paths: ReadonlySet<string> | null = null
  #isStopped = false
  #running: Promise<void> = Promise.resolve()
  #ending = new AbortController()

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#ending.abort()
    await this.#running
  }

  /** The logs that are there; null until that is known. */
  get paths(): ReadonlySet<string> | null {
    return this.#paths
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const begun = performance.now()
      let waitMs = lookEveryMs
      try {
        const more = await this.look()
        // What has piled up takes half of our time at most, and leaves the rest to those who ask.
        if (more) waitMs = performance.now() - begun
      } catch (error) {
        this.#options.onTrouble(error)
        waitMs = againMs
      }
      await sleep(waitMs, null, { signal: this.#ending.signal }).catch(() => {})
    }
  }

  /** Reads what is new in every log, and says whether there is more. */
  async look(): Promise<boolean> {
    this.#readPlaces()
    let more = false
    for (const [path, node] of await this.#files()) {
      if (this.#isStopped) return false
      more = (await this.#lookAt(path, node)) || more
    }
    return more
  }

  #readPlaces(): void {
    const { logFile } = this.#options
    if (this.#generation === logFile.file.generation) return
    const places = logFile.places()
    this.#generation = logFile.file.generation
    this.#states.clear()
    for (const [path, place] of places)
      this.#states.set(path, { place, lastAt: null, isCurrent: false })
  }

  async #files(): Promise<[path: string, node: string][]> {
    const { logs, controlLog, holderLog } = this.#options
    const names = await readdir(logs).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    const nodes = names
      .filter((name) => name.endsWith('.log'))
      .map((name): [string, string] => [join(logs, name), basename(name, '.log')])
    const all: [string, string][] = [...nodes, [controlLog, 'control'], [holderLog, 'holder']]
    this.#paths = new Set(all.map(([path]) => path))
    return all
  }

  async #lookAt(path: string, node: string): Promise<boolean> {
    const { logFile, onLines, onLost, now } = this.#options
    const state = this.#states.get(path) ?? { place: null, lastAt: null, isCurrent: false }
    const read = await readOn(path, state.place)
    if (read === null) {
      if (state.place !== null) state.isCurrent = true
      return false
    }
    const { place, more } = read
    // A line that has no end yet.
    if (place.offset === state.place?.offset && place.inode === state.place.inode) return more
    const lines = this.#parse(read.lines, node, state)
    const kept = lines.filter(({ at }) => at > now() - this.#options.keptMs)
    const written = logFile.write({ lines: kept, places: [place] }, now())
    const lastAt = lines.at(-1)?.at ?? state.lastAt
    this.#states.set(path, { place, lastAt, isCurrent: !more })
    if (read.lost) onLost(1)
    onLines(written)
    this.#options.onTrouble(null)
    return more
  }

  /** A line that begins with a tab goes on with the one before, as PostgreSQL writes long statements. */
  #parse(texts: readonly string[], node: string, state: State): NodeLine[] {
    const joined: string[] = []
    for (const text of texts) {
      if (text.startsWith('\t') && joined.length > 0)
        joined.push(`${joined.pop()}\n${text.slice(1)}`)
      else if (text.trim() !== '') joined.push(text.replace(/\r$/, ''))
    }
    let lastAt = state.isCurrent ? null : state.lastAt
    return joined.map((text) => {
      const line = parseLine(text, this.#options)
      const at = this.#timeOf(line.at, lastAt)
      lastAt = line.at === null ? lastAt : at
      return { ...line, at, node, fields: withoutNode(line.fields, node) }
    })
  }

  /** A line without a time is of now where it has just come, and else of the time of the one before. */
  #timeOf(said: number | null, before: number | null): number {
    const now = this.#options.now()
    const at = said ?? before ?? now
    return at > now + aheadMs || at < epochMs ? now : at
  }
}

/** A line says of its node what its file says already; another node is what it is about. */
function withoutNode(fields: NodeLine['fields'], own: string): NodeLine['fields'] {
  const { node, ...rest } = fields
  return node === own ? rest : fields
}
