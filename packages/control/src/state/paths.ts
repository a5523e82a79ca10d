import { realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Where everything of a system lies in its state directory. */
export type StatePaths = {
  readonly directory: string
  readonly marker: string
  readonly ignore: string
  readonly lock: string
  readonly control: string
  readonly controlLog: string
  readonly socket: string
  readonly holder: string
  readonly holderLock: string
  readonly holderLog: string
  readonly secrets: string
  readonly system: string
  readonly settings: string
  readonly topology: string
  /** What was decided about the members of the first shard. */
  readonly shard: string
  /** What climbs did and were about to do. */
  readonly journal: string
  /** Which nodes are cut off on purpose. */
  readonly cuts: string
  readonly nodes: string
  readonly logs: string
  readonly cache: string
  /** A folder for each `dev` and `exec` that uses the system now. */
  readonly attached: string
  /** What the store keeps: metrics, logs and traces. Nothing of the app is in it. */
  readonly store: string
  /** What the store reads when it starts: its port too, which is kept. */
  readonly storeFile: string
  /** The process of the store, so that the next control finds it. */
  readonly storeRun: string
  readonly storeLog: string
  /** Where metrics are to be read, as Prometheus' file service discovery has it. */
  readonly targets: string
  /** The token of `/-/metrics`, alone in a file of mode 0600, as Prometheus' `credentials_file` wants it. */
  readonly metricsToken: string
  /** Where the console listens. */
  readonly consoleFile: string
  /** Who changed what by the console or a command. */
  readonly audit: string
}

/** The paths of a state directory; the layout is part of the contract (docs/designs/app-contract.md). */
export function statePaths(directory: string): StatePaths {
  const real = realPathOf(directory)
  const at = (name: string) => join(real, name)
  return {
    directory: real,
    marker: at('banyan.json'),
    ignore: at('.gitignore'),
    lock: at('control.lock'),
    control: at('control.json'),
    controlLog: at('control.log'),
    socket: at('control.sock'),
    holder: at('holder.json'),
    holderLock: at('holder.lock'),
    holderLog: at('holder.log'),
    secrets: at('secrets.json'),
    system: at('system.json'),
    settings: at('up.json'),
    topology: at('topology.json'),
    shard: at('shard-1.json'),
    journal: at('journal.jsonl'),
    cuts: at('cuts.json'),
    nodes: at('nodes'),
    logs: at('logs'),
    cache: at('cache'),
    attached: at('attached'),
    store: at('store'),
    storeFile: at('store.json'),
    storeRun: at('store-run.json'),
    storeLog: at('store.log'),
    targets: at('targets.json'),
    metricsToken: at('metrics.token'),
    consoleFile: at('console.json'),
    audit: at('audit.log'),
  }
}

/** The folder of one node: its identity, its runtime file, its data. */
export function nodeDirectory(paths: StatePaths, node: string): string {
  return join(paths.nodes, node)
}

/** The file that a node's output is appended to. */
export function logFileOf(paths: StatePaths, node: string): string {
  return join(paths.logs, `${node}.log`)
}

/** The processes of a system are found by paths, so that each path has one spelling. */
function realPathOf(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    return resolve(directory)
  }
}
