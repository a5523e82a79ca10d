import type { Host, Node } from '@banyan/model'
import { readRunFile, writeRunFile } from '../../drivers/run-file.ts'
import type { Role } from '../../shard/member.ts'
import { freeze, thaw } from '../../sites/freeze.ts'
import { identify, isSameProcess, type ProcessIdentity } from '../../sites/identity.ts'
import { localSite } from '../../sites/local.ts'
import { logFileOf, nodeDirectory, type StatePaths } from '../../state/paths.ts'
import type { NodeDriver, Presence, Probe } from '../../supervise/driver.ts'
import {
  type Binaries,
  findServer,
  startServer,
  stopPostmaster,
  stopServer,
  writeRole,
} from './engine.ts'
import { dataDirectoryOf } from './placement.ts'
import { processesIn } from './processes.ts'
import { probe as probeServer } from './readiness.ts'

export type DatabaseOptions = {
  readonly node: Node
  readonly host: Host
  readonly paths: StatePaths
  readonly binaries: Binaries
  /** What it is to be from its next start on; null where nobody has decided that. */
  readonly role: () => Role | null
  readonly replicatorPassword: string
}

/** Recovery after a crash may take its time, and ending it would only make it begin again. */
const startTimeoutMs = 600_000
const stopTimeoutMs = 15_000

/** Keeps one PostgreSQL server. */
export function databaseDriver(options: DatabaseOptions): NodeDriver {
  const { node, host, paths, binaries } = options
  const directory = nodeDirectory(paths, node.name)
  const logFile = logFileOf(paths, node.name)
  const place = { address: host.address, port: node.port }
  let last: ProcessIdentity | null = null

  async function find(): Promise<Presence | null> {
    const server = await findServer(directory)
    const identity = server && identify(server.pid)
    if (identity === null) return null
    last = identity
    const record = await readRunFile(paths, node.name)
    const known = record?.identity.startTime === identity.startTime
    const startedAt = known && record !== null ? record.startedAt : new Date().toISOString()
    return { identity, startedAt, exit: null }
  }

  async function start(signal: AbortSignal): Promise<Presence> {
    const { memoryMb, cpus } = node.size
    const nodeDirectory = directory
    const role = options.role()
    if (role !== null) await writeRole(nodeDirectory, role, options)
    const launch = { binaries, nodeDirectory, ...place, memoryMb, cpus, logFile, signal }
    const { pid } = await startServer(launch)
    const startedAt = new Date().toISOString()
    const identity = identify(pid) ?? { pid, startTime: 'ended' }
    last = identity
    const fingerprint = JSON.stringify(place)
    await writeRunFile(paths, node.name, {
      identity,
      startedAt,
      fingerprint,
      release: null,
    })
    return { identity, startedAt, exit: null }
  }

  async function probe(): Promise<Probe> {
    const readiness = await probeServer(place)
    if (readiness === 'accepting') return { ready: true }
    const where = `${place.address}:${place.port}`
    return {
      ready: false,
      missing: readiness === 'silent' ? `nobody answers on ${where}` : 'it recovers its data',
    }
  }

  /** Each in a session of its own, so that only the folder they work in tells who they are. */
  const processes = async () => await processesIn(await dataDirectoryOf(directory))

  return {
    node,
    logFile,
    startTimeoutMs,
    find,
    start,
    probe,
    isRunning: async ({ identity }) => identity !== null && (await localSite.isRunning(identity)),
    stop: async () => {
      await thaw(processes)
      // A state directory that was moved or deleted no longer leads to the server.
      if (last !== null && isSameProcess(last)) {
        await stopPostmaster(last.pid, 'fast', stopTimeoutMs)
      }
      await stopServer({ nodeDirectory: directory, mode: 'fast', timeoutMs: stopTimeoutMs })
    },
    kill: async () => {
      const server = await findServer(directory)
      // The postmaster alone: its backends may live on, which is what such a fault is about.
      if (server !== null) process.kill(server.pid, 'SIGKILL')
    },
    pause: async () => await freeze(processes),
    resume: async () => await thaw(processes),
    isPaused: async ({ identity }) => identity !== null && (await localSite.isPaused(identity)),
    say: (situation) =>
      situation === 'held'
        ? `${node.name} does not run; its shard decides what becomes of it.`
        : null,
  }
}
