import { createHash } from 'node:crypto'
import type { GatewayFile, Node } from '@banyan/model'
import {
  acceptsAt,
  markOf,
  type PublicSockets,
  readRunFile,
  startRecorded,
} from '../../drivers/run-file.ts'
import type { ProcessIdentity } from '../../sites/identity.ts'
import type { Site } from '../../sites/site.ts'
import { logFileOf, nodeDirectory, type StatePaths } from '../../state/paths.ts'
import type { NodeDriver, Presence, Probe } from '../../supervise/driver.ts'
import { askHaproxy, isHaproxyReady, tellHaproxy, writeHaproxyFiles } from './client.ts'
import { fileNames, haproxyPlaces } from './places.ts'
import { haproxyProgram } from './program.ts'
import type { HaproxySettings } from './settings.ts'
import { workerUser } from './user.ts'

export type HaproxyOptions = {
  readonly node: Node
  readonly paths: StatePaths
  readonly site: Site
  readonly sockets: PublicSockets | null
  /** Read at each start and each look: the servers behind it change while it runs. */
  readonly file: () => GatewayFile
}

const startTimeoutMs = 10_000
/** Beyond its own time. */
const stopGraceMs = 2_000

/** Everything that one HAProxy is told, from the file that a gateway would be told. */
export function haproxySettings(paths: StatePaths, file: GatewayFile): HaproxySettings {
  const places = haproxyPlaces(nodeDirectory(paths, file.node))
  return { file, places, user: workerUser(), isPublic: true }
}

/** Keeps one HAProxy: a parent that holds the public socket and reloads, and a worker that serves. */
export function haproxyDriver(options: HaproxyOptions): NodeDriver {
  const { node, paths, site } = options
  const mark = markOf(paths, node.name)
  const logFile = logFileOf(paths, node.name)
  const settings = (): HaproxySettings => ({
    ...haproxySettings(paths, options.file()),
    isPublic: options.sockets !== null,
  })
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
    const program = await haproxyProgram()
    if (program instanceof Error) throw program
    const told = settings()
    await writeHaproxyFiles(told)
    // What an earlier process of the node left behind may hold its port.
    await site.kill(null, mark)
    const startedAt = new Date().toISOString()
    const facts = {
      startedAt,
      fingerprint: fingerprintOf(told.file),
      release: null,
      ...(options.sockets && { publicPlace: options.sockets.place }),
    }
    const master = `${told.places.master},mode,600`
    const { identity, exit } = await startRecorded(
      paths,
      node.name,
      facts,
      async (token) =>
        await site.start({
          command: [program.path, '-W', '-S', master, '-f', fileNames.configuration],
          cwd: told.places.folder,
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
    const told = settings()
    const { host, port } = told.file.listen
    if (!(await isHaproxyReady(told.file))) {
      return { ready: false, missing: `nobody answers on ${host}:${port}` }
    }
    const status = await askHaproxy(told.places)
    if (status !== null && status.version < told.file.version) await tellHaproxy(told)
    return { ready: true }
  }

  async function stop(): Promise<void> {
    const { drainTimeoutMs } = options.file()
    const timeoutMs = drainTimeoutMs + stopGraceMs
    // SIGTERM would cut what is under way.
    await site.stop(await identityOf(), mark, timeoutMs, 'SIGUSR1')
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
  const { PATH = '', TZ } = process.env
  return { PATH, ...(TZ !== undefined && { TZ }) }
}

/** Where it listens and what it is asked with; everything else changes while it runs. */
function fingerprintOf({ listen, token }: GatewayFile): string {
  return createHash('sha256')
    .update(JSON.stringify(['haproxy', listen, token]))
    .digest('hex')
}
