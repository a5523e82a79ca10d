import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { GatewayFile, Node } from '@banyan/model'
import { withCompileCache } from '../../compile-cache.ts'
import {
  acceptsAt,
  markOf,
  type PublicSockets,
  readRunFile,
  runtimeFileOf,
  startRecorded,
} from '../../drivers/run-file.ts'
import type { ProcessIdentity } from '../../sites/identity.ts'
import type { Site } from '../../sites/site.ts'
import { writeJson } from '../../state/files.ts'
import { logFileOf, nodeDirectory, type StatePaths } from '../../state/paths.ts'
import type { NodeDriver, Presence, Probe } from '../../supervise/driver.ts'
import { askGateway, isReady, placeOf, tellGateway } from './client.ts'

export type GatewayOptions = {
  readonly node: Node
  readonly paths: StatePaths
  readonly site: Site
  readonly sockets: PublicSockets | null
  /** Read at each start and each look: the servers behind it change while it runs. */
  readonly file: () => GatewayFile
}

/** It has nothing to read but one file. */
const startTimeoutMs = 10_000
/** Beyond its own time, for its last words. */
const stopGraceMs = 2_000

const program = fileURLToPath(import.meta.resolve('@banyan/gateway/main'))

/** Keeps one gateway. What it is told follows the topology: a gateway that missed a change is told again. */
export function gatewayDriver(options: GatewayOptions): NodeDriver {
  const { node, paths, site } = options
  const file = runtimeFileOf(paths, node.name)
  const mark = markOf(paths, node.name)
  const logFile = logFileOf(paths, node.name)
  let last: ProcessIdentity | null = null

  async function find(): Promise<Presence | null> {
    const record = await readRunFile(paths, node.name)
    if (record === null || !(await site.isOurs(record.identity, mark))) return null
    last = record.identity
    const isSame = record.fingerprint === fingerprintOf(options.file())
    if (isSame && acceptsAt(record, options.sockets)) {
      return { identity: record.identity, startedAt: record.startedAt, exit: null }
    }
    await stop()
    return null
  }

  async function start(): Promise<Presence> {
    const settings = options.file()
    await mkdir(nodeDirectory(paths, node.name), { recursive: true })
    // What an earlier process of the node left behind may hold its port.
    await site.kill(null, mark)
    await writeJson(file, settings, 0o600)
    const startedAt = new Date().toISOString()
    const facts = {
      startedAt,
      fingerprint: fingerprintOf(settings),
      release: null,
      ...(options.sockets && { publicPlace: options.sockets.place }),
    }
    const { identity, exit } = await startRecorded(
      paths,
      node.name,
      facts,
      async (token) =>
        await site.start({
          command: [process.execPath, program],
          cwd: paths.directory,
          environment: { ...environment(), ...token },
          mark,
          logFile,
          sockets: options.sockets?.fds ?? [],
        }),
    )
    last = identity
    return { identity, startedAt, exit }
  }

  async function probe(): Promise<Probe> {
    const settings = options.file()
    const place = placeOf(settings)
    if (!(await isReady(place))) {
      return { ready: false, missing: `nobody answers on ${place.host}:${place.port}` }
    }
    const status = await askGateway(place)
    if (status !== null && status.version < settings.version) await tellGateway(place, settings)
    return { ready: true }
  }

  async function stop(): Promise<void> {
    const { drainTimeoutMs } = options.file()
    await site.stop(await identityOf(), mark, drainTimeoutMs + stopGraceMs)
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

/** Nothing of the app's environment concerns it. */
function environment(): Record<string, string> {
  const { PATH = '', TZ, NODE_COMPILE_CACHE } = withCompileCache(process.env)
  return {
    PATH,
    NODE_ENV: 'production',
    ...(TZ !== undefined && { TZ }),
    ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }),
  }
}

/** Where it listens and what it is asked with; what is behind it changes while it runs. */
function fingerprintOf({ listen, token }: GatewayFile): string {
  return createHash('sha256')
    .update(JSON.stringify([program, listen, token]))
    .digest('hex')
}
