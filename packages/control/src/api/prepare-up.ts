import { createServer } from 'node:net'
import { resolve } from 'node:path'
import {
  type BalancerName,
  BanyanError,
  emptyTopology,
  findRungs,
  publicServices,
  refusals,
  type System,
  type Topology,
  tcpPorts,
  topologyOf,
} from '@banyan/model'
import { type Attached, listAttached } from '../attached/attachments.ts'
import { leastOf } from '../climb/context.ts'
import { type GroundFacts, groundOf } from '../climb/ground.ts'
import { loadSystem } from '../config/load-system.ts'
import { withUrlOf } from '../config/with-url-of.ts'
import { inHaste, type Switches, switchesOf } from '../dev/switches.ts'
import { findProcess } from '../drivers/find-process.ts'
import { markOf, readRunFile } from '../drivers/run-file.ts'
import { checkAdopted } from '../engines/adopted/engine.ts'
import { checkSameDatabase } from '../engines/adopted/same-database.ts'
import { missingPrograms } from '../engines/missing-programs.ts'
import { findBinaries } from '../engines/postgres/engine.ts'
import { readEntryRecord } from '../entry/record.ts'
import { findHolder } from '../holder/holder-file.ts'
import { checkMigrationNames } from '../migrations/names.ts'
import { readReleases } from '../releases/record.ts'
import { differenceFrom } from '../releases/snapshot/difference.ts'
import { readSnapshot } from '../releases/snapshot/read.ts'
import type { Snapshot } from '../releases/snapshot/types.ts'
import { isSameProcess } from '../sites/identity.ts'
import { holderOfPort, processesWith } from '../sites/proc.ts'
import { checkSystemName, checkWritable, inspectStateDirectory } from '../state/directory.ts'
import { readJson } from '../state/files.ts'
import { type StatePaths, statePaths } from '../state/paths.ts'
import { checkRungsKnown, readTopology } from '../state/topology-file.ts'
import { climbRefused } from './climb-errors.ts'
import { ControlClient } from './control-client.ts'
import type { UpSettings } from './types.ts'

export type UpRequest = {
  readonly config: string
  readonly directory: string
  /** Empty: those that are recorded, or `single`. */
  readonly rungs: readonly string[]
  /** Null: as the last time, else the default. */
  readonly host: string | null
  readonly port: number | null
  /** Where the console is to listen; 0: nowhere. Null or absent: as the last time, else wherever there is room. */
  readonly consolePort?: number | null
  /** What is to stand at the entry. Absent: as the last time, else the gateway. */
  readonly balancer?: BalancerName | null
  /** Start with the code as it is now, also where another release is live. Absent: the live one runs. */
  readonly release?: boolean
  readonly signal?: AbortSignal
} & Switches

export type PreparedUp = {
  readonly paths: StatePaths
  readonly system: System
  readonly settings: UpSettings
  /** The public ports at which what listens now is of this system, and is taken over. */
  readonly beside?: readonly number[]
  /** The code that runs: as it lies here, a new snapshot of it, or that of the live release. */
  readonly code: 'in-place' | 'new' | 'live'
  /** For a new snapshot. */
  readonly config: string
  /** Where the code here differs from that of the live release, which runs; empty where it does not. */
  readonly differs: readonly string[]
}

/** Everything that can be known to go wrong is found out here, before the first effect. */
export async function prepareUp(request: UpRequest): Promise<PreparedUp> {
  const { signal } = request
  const paths = statePaths(request.directory)
  const marker = await inspectStateDirectory(paths)
  await checkWritable(paths)
  const recorded = await readTopology(paths)
  checkRungsKnown(paths, recorded)
  const rungs = chooseRungs(request.rungs, recorded)
  const { host, port } = await choosePlace(paths, request)
  const code = await findCode(paths, request)
  const { system } = code
  checkSystemName(paths, marker, system.name)
  await checkNotRunning(paths)
  checkSameDatabase(system, recorded)
  if (system.data !== null) await checkDatabase(paths, system, recorded, signal)
  if (system.data?.migrations) await checkMigrationNames(system.data.migrations)
  const balancer = request.balancer ?? (await lastBalancer(paths))
  const switches = {
    ...switchesOf(request, system),
    ...(process.env.BANYAN_TELEMETRY === 'off' && { unmeasured: true }),
  }
  const ground = { paths, system, recorded: recorded ?? emptyTopology, balancer }
  await checkRungs({ ...ground, settings: switches }, rungs)
  const isOpen = request.dataOnly !== true && publicServices(system).length > 0
  const tcp = isOpen ? tcpPorts(system) : []
  const beside = isOpen ? await checkPorts({ paths, recorded, host, port, tcp }) : []
  const isAsked = request.rungs.length > 0 || code.kind === 'new'
  const asked = isAsked ? { askedAt: new Date().toISOString() } : {}
  const settings = {
    rungs,
    host,
    port,
    socket: isOpen,
    tcp,
    balancer,
    config: resolve(request.config),
    ...(await consoleOf(paths, request)),
    ...asked,
    ...switches,
  }
  return {
    paths,
    system: request.mode === 'dev' ? inHaste(system) : system,
    settings,
    beside,
    code: code.kind,
    config: request.config,
    differs: code.differs,
  }
}

type Code = {
  readonly kind: PreparedUp['code']
  readonly system: System
  readonly differs: readonly string[]
}

/** A restart runs what is live: neither a crash nor a config that is broken today brings anything else. */
async function findCode(paths: StatePaths, request: UpRequest): Promise<Code> {
  const { mode, dataOnly, release, config, signal } = request
  const load = async () => await loadSystem(config, signal === undefined ? {} : { signal })
  if (mode === 'dev' || dataOnly === true) {
    return { kind: 'in-place', system: await load(), differs: [] }
  }
  const live = release === true ? null : await liveSnapshot(paths)
  if (live === null) return { kind: 'new', system: await load(), differs: [] }
  const here = await load().catch((error: unknown) => error as Error)
  if (here instanceof Error) return { kind: 'live', system: live.system, differs: [here.message] }
  return {
    kind: 'live',
    // Its address, with the password, is as the config says today.
    system: withUrlOf(live.system, here),
    differs: here.name === live.system.name ? (await differenceFrom(live, here)).changed : [],
  }
}

async function liveSnapshot(paths: StatePaths): Promise<Snapshot | null> {
  const { live, releases } = await readReleases(paths)
  const digest = releases.find(({ name }) => name === live)?.snapshot ?? null
  return digest === null ? null : await readSnapshot(paths, digest)
}

async function consoleOf(
  paths: StatePaths,
  { consolePort = null }: UpRequest,
): Promise<Pick<UpSettings, 'consolePort'>> {
  const last = (await readJson<Partial<UpSettings>>(paths.settings))?.consolePort
  const port = consolePort ?? last
  return port === undefined ? {} : { consolePort: port }
}

async function lastBalancer(paths: StatePaths): Promise<BalancerName> {
  return (await readJson<Partial<UpSettings>>(paths.settings))?.balancer ?? 'gateway'
}

/** What these rungs take that the system or the machine does not have. */
async function checkRungs(
  facts: Omit<GroundFacts, 'entry'>,
  rungs: readonly string[],
): Promise<void> {
  const entry = await readEntryRecord(facts.paths)
  const ground = await groundOf({ ...facts, entry })
  const reasons = [...refusals(rungs, ground)]
  if (reasons.length === 0)
    reasons.push(...(await missingPrograms(topologyOf(rungs, ground), facts.recorded)))
  if (reasons.length > 0) throw climbRefused('grow', reasons)
}

function chooseRungs(wanted: readonly string[], recorded: Topology | null): string[] {
  const names = wanted.length > 0 ? wanted : (recorded?.rungs ?? [])
  return findRungs(names.length > 0 ? names : ['single']).map(({ name }) => name)
}

const defaultHost = '127.0.0.1'
const defaultPort = 8080

/** A system stays where it was, unless somebody names another place. */
export async function choosePlace(
  paths: StatePaths,
  wanted: { readonly host: string | null; readonly port: number | null },
): Promise<{ host: string; port: number }> {
  const last = await readJson<Partial<UpSettings>>(paths.settings)
  return {
    host: wanted.host ?? last?.host ?? defaultHost,
    port: wanted.port ?? last?.port ?? defaultPort,
  }
}

/** Ours needs programs to run it with; an adopted one has to be there, and fit. */
async function checkDatabase(
  paths: StatePaths,
  system: System,
  recorded: Topology | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (system.data === null) return
  if (system.data.url === null) return void (await findBinaries(system.data.postgres))
  const alive = await Promise.all(
    (recorded?.nodes ?? []).map(async (node) => await findProcess(paths, node)),
  )
  // Services that an earlier control left running have their connections already.
  const isRunning = alive.some((process) => process !== null)
  const needed = isRunning ? 0 : system.services.length * leastOf(system, {})
  await checkAdopted(system, needed, signal)
}

async function checkNotRunning(paths: StatePaths): Promise<void> {
  const control = await ControlClient.find(paths)
  if (control === null) return
  const status = await control.status().catch(() => null)
  const url = status?.url ?? null
  const commands = listAttached(paths).filter(({ kind, pid }) => kind === 'exec' && pid !== null)
  const settings = await readJson<UpSettings>(paths.settings)
  if (settings?.dataOnly === true && commands.length > 0) throw heldByExec(paths, commands)
  throw new BanyanError(
    'BANYAN_ALREADY_RUNNING',
    `The system in ${paths.directory} runs already${url === null ? '' : ` at ${url}`}.`,
    {
      hint: 'Look at it with "banyan status", or stop it with "banyan down".',
      details: { directory: paths.directory, url },
    },
  )
}

function heldByExec({ directory }: StatePaths, commands: readonly Attached[]): BanyanError {
  const pids = commands.map(({ pid }) => pid)
  return new BanyanError(
    'BANYAN_ALREADY_RUNNING',
    `A command of "banyan exec" uses the database in ${directory} (process ${pids.join(', ')}).`,
    { hint: 'Wait until it has ended, or end it; then try again.', details: { directory, pids } },
  )
}

type Places = {
  readonly paths: StatePaths
  readonly recorded: Topology | null
  readonly host: string
  /** That of HTTP. */
  readonly port: number
  readonly tcp: readonly number[]
}

/** Looks at every public port before anything is bound; gives those where something of ours is, left by an earlier control. */
async function checkPorts(places: Places): Promise<number[]> {
  const { host, port, tcp } = places
  if (tcp.includes(port)) throw claimedTwice(host, port)
  const beside: number[] = []
  for (const one of [port, ...tcp]) if (await checkPort(places, one)) beside.push(one)
  return beside
}

async function checkPort({ paths, recorded, host, port: own }: Places, port: number) {
  const failure = await tryToListen(host, port)
  if (failure === null) return false
  const isOwn = port === own
  if (failure.code === 'EADDRINUSE') {
    if (await isHeldByUs(paths, recorded, port)) return true
    throw await portTaken(host, port, isOwn)
  }
  throw new BanyanError(
    'BANYAN_LISTEN_FAILED',
    `Nothing can listen on ${host}:${port}: ${failure.message}.`,
    {
      hint: `Name an address of this machine with --host, and a port that you may use ${placeFor(isOwn)}.`,
      details: { host, port },
      cause: failure,
    },
  )
}

/** Where a port is named. */
const placeFor = (isOwn: boolean): string => (isOwn ? 'with --port' : 'under `tcp:` in the config')

function claimedTwice(host: string, port: number): BanyanError {
  return new BanyanError(
    'BANYAN_PORT_TAKEN',
    `${host}:${port} is taken: it is the system's own port, that of HTTP.`,
    {
      hint: 'Write another port under `tcp:` in the config, or name another one with --port.',
      details: { host, port, holder: null },
    },
  )
}

async function tryToListen(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  const server = createServer()
  return await new Promise((resolve) => {
    server.once('error', resolve)
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  })
}

/** The web process of a control that died still holds its port; it is taken over, not replaced. */
async function isHeldByUs(
  paths: StatePaths,
  recorded: Topology | null,
  port: number,
): Promise<boolean> {
  const last = await readJson<Partial<UpSettings>>(paths.settings)
  if (last?.port !== port && last?.tcp?.includes(port) !== true) return false
  if (findHolder(paths) !== null) return true
  for (const node of recorded?.nodes ?? []) {
    if (node.entry !== true) continue
    const run = await readRunFile(paths, node.name)
    if (run !== null && isSameProcess(run.identity)) return true
    // Control may have died before it wrote down what it had just started.
    const { name, value } = markOf(paths, node.name)
    if ((await processesWith(name, value)).length > 0) return true
  }
  return false
}

async function portTaken(host: string, port: number, isOwn: boolean): Promise<BanyanError> {
  const holder = await holderOfPort(port)
  const who = holder === null ? 'another process' : `process ${holder.pid} (${holder.command})`
  return new BanyanError('BANYAN_PORT_TAKEN', `${host}:${port} is taken: ${who} listens there.`, {
    hint: `Name another port ${placeFor(isOwn)}, or end ${holder === null ? 'it' : `process ${holder.pid}`}.`,
    details: { host, port, holder },
  })
}
