import { readdir, rm } from 'node:fs/promises'
import { BanyanError, type System } from '@banyan/model'
import { EventLog } from './api/events.ts'
import { reportOf } from './api/report.ts'
import { type ApiServer, listen } from './api/server.ts'
import type { ControlFile, UpSettings } from './api/types.ts'
import { attend } from './attached/attendant.ts'
import type { Context, Learned } from './climb/context.ts'
import { desiredTopology } from './climb/ground.ts'
import { learnedFile } from './climb/migrate.ts'
import { withUrlOf } from './config/with-url-of.ts'
import { AuditLog } from './console/audit.ts'
import { openConsole } from './console/open-console.ts'
import { Control } from './control.ts'
import { type Binaries, findBinaries } from './engines/postgres/engine.ts'
import { readEntryRecord } from './entry/record.ts'
import { type Held, keepHolder, takeHeld } from './holder/held.ts'
import type { HolderKeeper } from './holder/keep-holder.ts'
import { say } from './holder/watch.ts'
import type { ControlWord } from './holder/words.ts'
import { openJournal } from './journal/journal.ts'
import { keepLogsBounded } from './logs/bound.ts'
import { inPlace, Releases } from './releases/releases.ts'
import { openRecord } from './shard/record.ts'
import { identify } from './sites/identity.ts'
import { makeStateDirectory } from './state/directory.ts'
import { readJson, removeHalfWritten, writeJson } from './state/files.ts'
import { type Lock, takeLock } from './state/lock.ts'
import { nodeDirectory, type StatePaths, statePaths } from './state/paths.ts'
import { ensureSecrets } from './state/secrets.ts'
import { readTopology } from './state/topology-file.ts'
import { Keepers } from './supervise/keepers.ts'
import { storePortOf, Telemetry } from './telemetry/telemetry.ts'

/*
 * The control process: `node main.ts STATE_DIRECTORY`. Everything that control needs to know is in
 * the state directory, where `up` wrote it. So whoever starts it again later (a person, the holder)
 * need not know any of it.
 */

const began = performance.now()

/** Runs the control of a state directory until it is told to stop. Ends the process. */
export async function runControl(directory: string): Promise<void> {
  // The one who started us may end at any moment; that is no reason for us to end.
  process.on('disconnect', () => {})
  process.on('unhandledRejection', (error) => void refuse(error))
  // A full disk, or a log that went away, must not end what keeps everything running.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  // It was meant for us alone: what we start has a cache in the state directory.
  delete process.env.NODE_COMPILE_CACHE
  const held = takeHeld()
  await control(directory, held).catch(refuse)
}

async function control(directory: string, held: Held): Promise<void> {
  const paths = statePaths(directory)
  const lock = takeLock(paths.lock)
  if (lock === null) return refuse(alreadyRunning(paths))
  process.title = `banyan control ${directory}`
  const { control, context, stopKeepingLogs } = await makeControl(paths, held.publicFds)
  const audit = await openAudit(context)
  const server = await listen(control, paths.socket, audit)
  if (held.byHolder) holder = keepHolder(context)
  context.console = await openConsole(context, control, audit)
  await announce(paths, server)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => void control.down())
  }
  control.raise(began)
  const stopWatching = watch(lock, control, directory)
  const stopAttending = attend(context, () => {
    const who = context.settings.dataOnly === true ? 'exec' : 'dev'
    control.leave(`The "banyan ${who}" that this ran for has ended.`).catch(() => {})
  })
  const ending = await control.ended
  stopWatching()
  stopAttending()
  stopKeepingLogs()
  context.console?.close()
  await retire(paths, server, lock)
  lock.release()
  await tell({ kind: 'ended', ending })
  process.exit(ending === 'stopped' ? 0 : 1)
}

/** Null without a holder: for a command of `exec`, and for a control that somebody started by hand. */
let holder: HolderKeeper | null = null

/** How long a state directory that is gone may go unnoticed. */
const watchEveryMs = 1_000

/** Nobody could reach us, or know of what we run, once the state directory is somewhere else. */
function watch(lock: Lock, control: Control, directory: string): () => void {
  const timer = setInterval(() => {
    // What could not be stopped is tried again at the next look.
    if (lock.isThere()) return
    const reason = `The state directory ${directory} was moved or deleted.`
    control.leave(reason).catch(() => {})
  }, watchEveryMs)
  return () => clearInterval(timer)
}

async function openAudit({ paths, events }: Context): Promise<AuditLog> {
  const onTrouble = (sentence: string) => events.add({ type: 'progress', sentence })
  return await AuditLog.open({ path: paths.audit, onTrouble })
}

async function makeControl(paths: StatePaths, publicFds: readonly number[]) {
  const asked = await readRequired<System>(paths.system)
  const settings = await readRequired<UpSettings>(paths.settings)
  await makeStateDirectory(paths, asked.name)
  await removeAllHalfWritten(paths)
  const recorded = await readTopology(paths)
  const entry = await readEntryRecord(paths)
  const journal = await openJournal(paths.journal)
  const releases = await Releases.open(paths)
  const release = releaseToRun(settings, releases)
  // Never the folder of the user in its place; what is wrong with it is said here.
  if (release !== inPlace) await releases.load(release)
  const system = withUrlOf(releases.find(release)?.snapshot.system ?? asked, asked)
  const balancer = settings.balancer ?? 'gateway'
  const facts = { paths, system, recorded, entry, balancer, settings }
  const desired = await desiredTopology(facts, settings.rungs)
  const events = new EventLog((event) => process.stdout.write(`${JSON.stringify(event)}\n`))
  const context: Context = {
    paths,
    system,
    reached: system,
    settings,
    events,
    secrets: await ensureSecrets(paths),
    binaries: await binariesOf(system),
    keepers: new Keepers(() => performance.now()),
    releases,
    release,
    trial: false,
    contracts: [],
    built: new Set(),
    topology: recorded,
    desired,
    balancer,
    entry,
    shard: await openRecord(paths.shard),
    members: null,
    telemetry: null,
    draining: new Set(),
    leaving: false,
    publicFds,
    learned: (await readJson<Learned>(learnedFile(paths.directory))) ?? nothingLearned,
    migrated: null,
  }
  if (settings.dataOnly !== true && settings.unmeasured !== true) {
    context.telemetry = new Telemetry(context, await storePortOf(paths))
  }
  return {
    control: new Control(context, journal),
    context,
    stopKeepingLogs: keepLogsBounded(paths),
  }
}

/** The code in place for `dev` and `exec`; else what `up` asked for, until that has ended, or the live release. */
function releaseToRun({ mode, dataOnly, release }: UpSettings, releases: Releases): string {
  if (mode === 'dev' || dataOnly === true) return inPlace
  if (release !== undefined && releases.isPending(release)) return release
  return releases.live ?? releases.pending ?? inPlace
}

/** Only a server of ours needs programs. */
async function binariesOf({ data }: System): Promise<Binaries | null> {
  return data === null || data.url !== null ? null : await findBinaries(data.postgres)
}

async function removeAllHalfWritten(paths: StatePaths): Promise<void> {
  const nodes = await readdir(paths.nodes)
  const folders = [paths.directory, ...nodes.map((node) => nodeDirectory(paths, node))]
  await Promise.all(folders.map(removeHalfWritten))
}

const nothingLearned: Learned = { keyType: null, connections: null }

async function readRequired<T extends object>(path: string): Promise<T> {
  const value = await readJson<T>(path)
  if (value !== null) return value
  throw new BanyanError('BANYAN_STATE_BROKEN', `${path} is missing.`, {
    hint: 'Run "banyan up", which writes it.',
  })
}

/** From here on others can ask; the one that started us may let go. */
async function announce(paths: StatePaths, { socket }: ApiServer): Promise<void> {
  const identity = identify(process.pid) ?? { pid: process.pid, startTime: '' }
  const file: ControlFile = {
    format: 1,
    directory: paths.directory,
    ...identity,
    socket,
    startedAt: new Date().toISOString(),
  }
  await writeJson(paths.control, file, 0o600)
  await tell({ kind: 'listening', socket, identity })
}

async function retire(paths: StatePaths, server: ApiServer, lock: Lock): Promise<void> {
  // Whoever asked for the end is answered once that is written down.
  await server.settled()
  // The last events are on their way to those who follow them.
  await new Promise((resolve) => setTimeout(resolve, 50))
  // Once ours was moved or deleted, what is at these paths is somebody else's; closing would remove it.
  const isThere = lock.isThere()
  if (isThere) await rm(paths.control, { force: true })
  if (isThere || server.socket !== paths.socket) await server.close()
}

async function refuse(error: unknown): Promise<void> {
  process.stderr.write(
    `${JSON.stringify({ at: new Date().toISOString(), error: reportOf(error) })}\n`,
  )
  await tell({ kind: 'refused', error: reportOf(error) })
  process.exit(1)
}

/** To our holder; without one, a single word to the process that started us, if it still listens. */
async function tell(word: ControlWord): Promise<void> {
  if (holder !== null) return await holder.tell(word)
  await say(process, word)
  if (process.connected) process.disconnect()
}

function alreadyRunning({ directory }: StatePaths): BanyanError {
  return new BanyanError('BANYAN_ALREADY_RUNNING', `The system in ${directory} runs already.`, {
    hint: 'Look at it with "banyan status", or stop it with "banyan down".',
  })
}

// Others import this file to have it compiled; only the process that was started with it runs it.
if (process.argv[1] === import.meta.filename) await runControl(process.argv[2] ?? '.banyan')
