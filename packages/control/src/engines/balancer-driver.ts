import { createHash } from 'node:crypto'
import type { GatewayFile, Node } from '@banyan/model'
import {
  acceptsAt,
  markOf,
  type PublicSockets,
  readRunFile,
  startRecorded,
} from '../drivers/run-file.ts'
import type { ProcessIdentity } from '../sites/identity.ts'
import type { Launch, Site, StopSignal } from '../sites/site.ts'
import { logFileOf, type StatePaths } from '../state/paths.ts'
import type { NodeDriver, Presence, Probe } from '../supervise/driver.ts'

export type BalancerOptions = {
  readonly node: Node
  readonly paths: StatePaths
  readonly site: Site
  readonly sockets: PublicSockets | null
  /** Read at each start and each look: the servers behind it change while it runs. */
  readonly file: () => GatewayFile
}

/** What tells the drivers of balancers apart. */
export type BalancerEngine = {
  /** What a process that runs was started from: another one is no longer the same. */
  readonly program: string
  /** Asks it to finish what is under way, and to end. */
  readonly stopSignal: StopSignal
  /** Writes what it reads at its start, and gives the command that starts it. */
  prepare(file: GatewayFile): Promise<Pick<Launch, 'command' | 'cwd' | 'environment'>>
  isReady(file: GatewayFile): Promise<boolean>
  /** Tells one that runs what it has missed. */
  refresh(file: GatewayFile): Promise<void>
}

/** It has nothing to read but its files. */
const startTimeoutMs = 10_000
/** Beyond its own time, for its last words. */
const stopGraceMs = 2_000

/** Keeps one balancer. What it is told follows the topology: one that missed a change is told again. */
export function balancerDriver(options: BalancerOptions, engine: BalancerEngine): NodeDriver {
  const { node, paths, site } = options
  const mark = markOf(paths, node.name)
  const logFile = logFileOf(paths, node.name)
  let last: ProcessIdentity | null = null

  async function find(): Promise<Presence | null> {
    const record = await readRunFile(paths, node.name)
    if (record === null || !(await site.isOurs(record.identity, mark))) return null
    last = record.identity
    const isSame = record.fingerprint === fingerprintOf(engine, options.file())
    if (isSame && acceptsAt(record, options.sockets)) {
      return { identity: record.identity, startedAt: record.startedAt, exit: null }
    }
    await stop()
    return null
  }

  async function start(): Promise<Presence> {
    const file = options.file()
    const { environment, ...command } = await engine.prepare(file)
    // What an earlier process of the node left behind may hold its port.
    await site.kill(null, mark)
    const startedAt = new Date().toISOString()
    const facts = {
      startedAt,
      fingerprint: fingerprintOf(engine, file),
      release: null,
      ...(options.sockets && { publicPlace: options.sockets.place }),
    }
    const { identity, exit } = await startRecorded(
      paths,
      node.name,
      facts,
      async (token) =>
        await site.start({
          ...command,
          environment: { ...environment, ...token },
          mark,
          logFile,
          sockets: options.sockets?.fds ?? [],
        }),
    )
    last = identity
    return { identity, startedAt, exit }
  }

  async function probe(): Promise<Probe> {
    const file = options.file()
    const { host, port } = file.listen
    if (!(await engine.isReady(file))) {
      return { ready: false, missing: `nobody answers on ${host}:${port}` }
    }
    await engine.refresh(file)
    return { ready: true }
  }

  async function stop(): Promise<void> {
    const timeoutMs = options.file().drainTimeoutMs + stopGraceMs
    await site.stop(await identityOf(), mark, timeoutMs, engine.stopSignal)
  }

  async function identityOf(): Promise<ProcessIdentity | null> {
    return (await readRunFile(paths, node.name))?.identity ?? last
  }

  return {
    node,
    logFile,
    startTimeoutMs,
    find,
    start,
    probe,
    isRunning: async ({ identity }) => identity !== null && (await site.isRunning(identity)),
    stop,
    kill: async () => await site.strike(await identityOf(), mark),
    pause: async () => await site.pause(await identityOf(), mark),
    resume: async () => await site.resume(await identityOf(), mark),
    isPaused: async ({ identity }) => identity !== null && (await site.isPaused(identity)),
  }
}

/** Where it listens and what it is asked with; what is behind it changes while it runs. */
function fingerprintOf({ program }: BalancerEngine, { listen, token }: GatewayFile): string {
  return createHash('sha256')
    .update(JSON.stringify([program, listen, token]))
    .digest('hex')
}
