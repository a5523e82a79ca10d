import { createHash } from 'node:crypto'
import type { GatewayFile, Node } from '@banyan/model'
import { NodeProcess } from '../drivers/node-process.ts'
import { acceptsAt, type PublicSockets } from '../drivers/run-file.ts'
import type { Launch, Site, StopSignal } from '../sites/site.ts'
import type { StatePaths } from '../state/paths.ts'
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
  const { node, paths, site, sockets } = options
  const own = new NodeProcess({
    node,
    paths,
    site,
    stopTimeoutMs: () => options.file().drainTimeoutMs + stopGraceMs,
    stopSignal: engine.stopSignal,
  })

  async function start(): Promise<Presence> {
    const file = options.file()
    const launch = await engine.prepare(file)
    const fingerprint = fingerprintOf(engine, file)
    return await own.start({ fingerprint, release: null, sockets }, async () => launch)
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

  return {
    node,
    ...own.driver,
    startTimeoutMs,
    find: async () =>
      await own.find(
        (record) =>
          record.fingerprint === fingerprintOf(engine, options.file()) &&
          acceptsAt(record, sockets),
      ),
    start,
    probe,
  }
}

/** Where it listens and what it is asked with; what is behind it changes while it runs. */
function fingerprintOf({ program }: BalancerEngine, { listen, token }: GatewayFile): string {
  return createHash('sha256')
    .update(JSON.stringify([program, listen, token]))
    .digest('hex')
}
