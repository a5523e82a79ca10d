import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import type { Node, RuntimeFile, Service } from '@banyan/model'
import { NodeProcess } from '../../drivers/node-process.ts'
import { acceptsAt, type PublicSockets, runtimeFileOf } from '../../drivers/run-file.ts'
import type { Site } from '../../sites/site.ts'
import { writeJson } from '../../state/files.ts'
import { nodeDirectory, type StatePaths } from '../../state/paths.ts'
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
/**
 * Which ports it has instead is looked up in all of /proc, so not at each of many probes a second; at each
 * of the last ones before it is given up, since then somebody reads it.
 */
const explainEveryMs = 1_000

/** Keeps one process of a service. */
export function serviceDriver(options: ServiceOptions): NodeDriver {
  const { node, service, paths, site, listen } = options
  const runtimeFile = runtimeFileOf(paths, node.name)
  const stopTimeoutMs = () => service.stopTimeoutMs
  const own = new NodeProcess({ node, paths, site, stopTimeoutMs })
  let kind: Kind = 'unknown'
  let unanswered = 0
  let startedAtMs = performance.now()
  let explainedAtMs = startedAtMs
  let elsewhere = ''

  async function start(): Promise<Presence> {
    kind = 'unknown'
    unanswered = 0
    elsewhere = ''
    const { file } = options.runtime()
    await mkdir(nodeDirectory(paths, node.name), { recursive: true })
    const fingerprint = fingerprintOf(options)
    const { release, sockets } = options
    const presence = await own.start({ fingerprint, release, sockets }, async () => {
      await writeJson(runtimeFile, file, 0o600)
      return {
        command: resolveCommand(service.run),
        cwd: options.root,
        environment: wholeEnvironment(environmentOf(options), process.env),
      }
    })
    startedAtMs = performance.now()
    explainedAtMs = startedAtMs
    return presence
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
    const nowMs = performance.now()
    const isNearlyLate = nowMs - startedAtMs >= service.startTimeoutMs - explainEveryMs
    if (isNearlyLate || nowMs - explainedAtMs >= explainEveryMs) {
      const ports = (await site.listeningPorts(own.mark)).filter((other) => other !== port)
      elsewhere = ports.length === 0 ? '' : `; it listens on ${ports.join(', ')} instead`
      explainedAtMs = nowMs
    }
    return `${missing}${elsewhere}`
  }

  return {
    node,
    ...own.driver,
    startTimeoutMs: service.startTimeoutMs,
    release: options.release,
    waitsAfterCrash: options.development,
    find: async () =>
      await own.find(
        (record) =>
          record.fingerprint === fingerprintOf(options) && acceptsAt(record, options.sockets),
      ),
    start,
    probe,
    isServe: () => kind === 'serve',
    isPlain: () => options.sockets !== null && kind === 'plain',
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
  // Of tests and build machines, where hundreds of systems run the same code one after another.
  const cache = process.env.BANYAN_COMPILE_CACHE || options.paths.cache
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

/**
 * What serves follows its database wherever that goes, and its share of the connections: neither is a reason to
 * start it again, and where its spans are sent is none either.
 */
function lastingOf({ telemetry: _telemetry, ...file }: RuntimeFile) {
  const shards = file.shards.map(({ members: _members, ...shard }) => shard)
  return { ...file, connectionsMax: null, catalogVersion: null, shards }
}
