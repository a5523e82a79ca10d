import type { Node } from '@banyan/model'
import type { ProcessIdentity } from '../sites/identity.ts'
import type { Launch, Site, StopSignal } from '../sites/site.ts'
import { logFileOf, type StatePaths } from '../state/paths.ts'
import type { NodeDriver, Presence } from '../supervise/driver.ts'
import { markOf, type PublicSockets, type RunFile, readRunFile, startRecorded } from './run-file.ts'

export type ProcessPlace = {
  readonly node: Node
  readonly paths: StatePaths
  readonly site: Site
  /** How long it may take to end, asked when it is to. */
  readonly stopTimeoutMs: () => number
  /** What makes it finish what it has. Default: SIGTERM. */
  readonly stopSignal?: StopSignal
}

/** What is written down of a start; its time is added. */
type StartFacts = Pick<RunFile, 'fingerprint' | 'release'> & {
  readonly sockets?: PublicSockets | null
}

/**
 * The process of one node at its site: found by what was written down of it, started so that the next control finds
 * it, and ended with all that bears its mark. A driver adds what its program is, and when that is ready.
 *
 * @example
 * const own = new NodeProcess({ node, paths, site, stopTimeoutMs: () => 15_000 })
 * return { node, ...own.driver, find, start, probe }
 */
export class NodeProcess {
  readonly mark: Launch['mark']
  readonly logFile: string
  readonly #place: ProcessPlace
  #last: ProcessIdentity | null = null

  constructor(place: ProcessPlace) {
    this.#place = place
    this.mark = markOf(place.paths, place.node.name)
    this.logFile = logFileOf(place.paths, place.node.name)
  }

  /** What runs and fits; what runs and does not fit any more is stopped. */
  async find(fits: (record: RunFile) => boolean): Promise<Presence | null> {
    const { node, paths, site } = this.#place
    const record = await readRunFile(paths, node.name)
    if (record === null || !(await site.isOurs(record.identity, this.mark))) return null
    const { identity, startedAt } = record
    this.#last = identity
    if (fits(record)) return { identity, startedAt, exit: null }
    await this.stop()
    return null
  }

  /** Starts what `prepare` gives, which is asked once nothing of an earlier process is left. */
  async start(
    { sockets = null, ...facts }: StartFacts,
    prepare: () => Promise<Omit<Launch, 'mark' | 'logFile' | 'sockets'>>,
  ): Promise<Presence> {
    const { node, paths, site } = this.#place
    // It may hold the port of the node, and the lock of its data.
    await site.kill(null, this.mark)
    const { environment, ...launch } = await prepare()
    const startedAt = new Date().toISOString()
    const written = { ...facts, startedAt, ...(sockets && { publicPlace: sockets.place }) }
    const own = { mark: this.mark, logFile: this.logFile, sockets: sockets?.fds ?? [] }
    const { identity, exit } = await startRecorded(
      paths,
      node.name,
      written,
      async (token) =>
        await site.start({ ...launch, ...own, environment: { ...environment, ...token } }),
    )
    this.#last = identity
    return { identity, startedAt, exit }
  }

  async stop(): Promise<void> {
    const { site, stopTimeoutMs, stopSignal } = this.#place
    await site.stop(await this.#identity(), this.mark, stopTimeoutMs(), stopSignal)
  }

  /** What is done alike with every process. */
  get driver(): Pick<
    NodeDriver,
    'logFile' | 'isRunning' | 'stop' | 'kill' | 'pause' | 'resume' | 'isPaused'
  > {
    const { site } = this.#place
    return {
      logFile: this.logFile,
      isRunning: async ({ identity }) => identity !== null && (await site.isRunning(identity)),
      stop: async () => await this.stop(),
      kill: async () => await site.strike(await this.#identity(), this.mark),
      pause: async () => await site.pause(await this.#identity(), this.mark),
      resume: async () => await site.resume(await this.#identity(), this.mark),
      isPaused: async ({ identity }) => identity !== null && (await site.isPaused(identity)),
    }
  }

  /** A state directory that was moved or deleted no longer tells. */
  async #identity(): Promise<ProcessIdentity | null> {
    const { node, paths } = this.#place
    return (await readRunFile(paths, node.name))?.identity ?? this.#last
  }
}
