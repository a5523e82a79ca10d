import {
  followFile,
  logFileOf,
  type NodeStatus,
  type StatePaths,
  sizeOf,
} from '@banyan/control/api'
import type { System } from '@banyan/model'
import { LogPrinter } from '../log-printer.ts'

/** The log lines of all nodes, from the moment before the system was started. */
export class LiveLogs {
  readonly #paths: StatePaths
  readonly #json: boolean
  readonly #stopping = new AbortController()
  readonly #offsets = new Map<string, number>()
  #following: Promise<void>[] = []

  constructor(paths: StatePaths, json: boolean) {
    this.#paths = paths
    this.#json = json
  }

  /** Remembers where the logs of the services end now. Servers say much at their start that nobody needs. */
  async remember({ services }: System): Promise<void> {
    for (const { name } of services) {
      const node = `${name}-1`
      this.#offsets.set(node, await sizeOf(logFileOf(this.#paths, node)))
    }
  }

  start(nodes: readonly NodeStatus[]): void {
    const printer = new LogPrinter(
      nodes.map(({ name }) => name),
      this.#json,
    )
    this.#following = nodes.map(({ name }) => {
      const from = this.#offsets.get(name)
      return followFile({
        path: logFileOf(this.#paths, name),
        ...(from === undefined ? {} : { from }),
        signal: this.#stopping.signal,
        onLine: (line) => {
          if (from === undefined ? isTrouble(line) : !isOfProof(line)) printer.print(name, line)
        },
      })
    })
  }

  async end(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#following)
  }
}

/** A prover asks hundreds of times a second, and says itself what became of it; the log file has it all. */
function isOfProof(line: string): boolean {
  return line.includes('"path":"/-/prove"') && line.includes('"level":"info"')
}

/** Of what a server says while it serves, only what goes wrong is news. */
function isTrouble(line: string): boolean {
  return /\b(WARNING|ERROR|FATAL|PANIC): /.test(line)
}
