import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import type { Node, RuntimeFile, Service } from '@banyan/model'
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
import {
  ownEnvironment,
  resolveCommand,
  type ServiceEnvironment,
  wholeEnvironment,
} from './environment.ts'
import { type Kind, probePort, probeService, reachableHost } from './readiness.ts'

export type ServiceOptions = {
  readonly node: Node
  readonly service: Service
  readonly root: string
  readonly paths: StatePaths
  readonly site: Site
  readonly release: string
  /** Whether it runs in `dev`: then one that crashes waits for a change. */
  readonly development: boolean
  /** Null for a worker. */
  readonly listen: { readonly host: string; readonly port: number } | null
  /** The public socket of HTTP, for the process that is the entry itself. */
  readonly sockets: PublicSockets | null
  /** Read at each start, because what a process is told may have changed since the last one. */
  readonly runtime: () => { readonly file: RuntimeFile; readonly databaseUrl: string | null }
}

/** A worker that listens nowhere is ready when it has lived for so long. */
const workerReadyAfterMs = 1_000
const unansweredMax = 3

/** Keeps one process of a service. */
export function serviceDriver(options: ServiceOptions): NodeDriver {
  const { node, service, paths, site, listen } = options
  const runtimeFile = runtimeFileOf(paths, node.name)
  const mark = markOf(paths, node.name)
  const logFile = logFileOf(paths, node.name)
  let kind: Kind = 'unknown'
  let last: ProcessIdentity | null = null
  let unanswered = 0

  async function find(): Promise<Presence | null> {
    const record = await readRunFile(paths, node.name)
    if (record === null || !(await site.isOurs(record.identity, mark))) return null
    last = record.identity
    const isSame = record.fingerprint === fingerprintOf(options)
    if (isSame && acceptsAt(record, options.sockets)) {
      return { identity: record.identity, startedAt: record.startedAt, exit: null }
    }
    await site.stop(record.identity, mark, service.stopTimeoutMs)
    return null
  }

  async function start(): Promise<Presence> {
    kind = 'unknown'
    unanswered = 0
    const { file } = options.runtime()
    await mkdir(nodeDirectory(paths, node.name), { recursive: true })
    // What an earlier process of the node left behind may hold its port.
    await site.kill(null, mark)
    await writeJson(runtimeFile, file, 0o600)
    const startedAt = new Date().toISOString()
    const facts = {
      startedAt,
      fingerprint: fingerprintOf(options),
      release: options.release,
      ...(options.sockets && { publicPlace: options.sockets.place }),
    }
    const { identity, exit } = await startRecorded(
      paths,
      node.name,
      facts,
      async (token) =>
        await site.start({
          command: resolveCommand(service.run),
          cwd: options.root,
          environment: { ...wholeEnvironment(environmentOf(options), process.env), ...token },
          mark,
          logFile,
          sockets: options.sockets?.fds ?? [],
        }),
    )
    last = identity
    return { identity, startedAt, exit }
  }

  async function probe(presence: Presence): Promise<Probe> {
    if (listen === null) return probeWorker(presence)
    const target = { host: reachableHost(listen.host), port: listen.port, health: service.health }
    if (service.tcp !== undefined) return await explained(await probePort(target), listen.port)
    const result = await probeService(target, kind)
    kind = result.kind
    unanswered = result.unanswered ? unanswered + 1 : 0
    // A machine under load answers late; only what goes on not answering is no HTTP server of ours.
    if (unanswered >= unansweredMax) kind = 'plain'
    return kind === 'serve' ? result.probe : await explained(result.probe, listen.port)
  }

  async function explained(found: Probe, port: number): Promise<Probe> {
    return found.ready ? found : { ready: false, missing: await explain(found.missing, port) }
  }

  /** A process that listens elsewhere has not read `PORT`: the commonest reason, so it is named. */
  async function explain(missing: string, port: number): Promise<string> {
    const ports = (await site.listeningPorts(mark)).filter((other) => other !== port)
    if (ports.length === 0) return missing
    return `${missing}; it listens on ${ports.join(', ')} instead`
  }

  return {
    node,
    logFile,
    startTimeoutMs: service.startTimeoutMs,
    release: options.release,
    waitsAfterCrash: options.development,
    find,
    start,
    probe,
    isRunning: async ({ identity }) => identity !== null && (await site.isRunning(identity)),
    stop: async () => await site.stop(await identityOf(), mark, service.stopTimeoutMs),
    isPlain: () => options.sockets !== null && kind === 'plain',
    kill: async () => await site.strike(await identityOf(), mark),
    pause: async () => await site.pause(await identityOf(), mark),
    resume: async () => await site.resume(await identityOf(), mark),
    isPaused: async ({ identity }) => identity !== null && (await site.isPaused(identity)),
  }

  async function identityOf() {
    // A state directory that was moved or deleted no longer tells.
    return (await readRunFile(paths, node.name))?.identity ?? last
  }
}

function probeWorker({ startedAt }: Presence): Probe {
  const ageMs = Date.now() - Date.parse(startedAt)
  if (ageMs >= workerReadyAfterMs) return { ready: true }
  return { ready: false, missing: 'it has not lived for a second yet' }
}

function environmentOf(options: ServiceOptions): ServiceEnvironment {
  const { service, node, root, listen, development } = options
  const { databaseUrl } = options.runtime()
  const cache = options.paths.cache
  return { service, node: node.name, root, cache, listen, databaseUrl, development }
}

/** A digest, since the environment holds passwords. What was merely inherited does not count. */
function fingerprintOf(options: ServiceOptions): string {
  const { service, root, runtime, development } = options
  const { DATABASE_URL: _url, ...own } = ownEnvironment(environmentOf(options))
  const parts = [
    service.run,
    root,
    own,
    lastingOf(runtime().file),
    ...(development ? ['development'] : []),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** What serves follows its database wherever that goes, and its share of the connections: neither is a reason to start it again. */
function lastingOf(file: RuntimeFile) {
  const shards = file.shards.map(({ members: _members, ...shard }) => shard)
  return { ...file, connectionsMax: null, catalogVersion: null, shards }
}
