import { join } from 'node:path'
import type { System } from '@banyan/model'
import { ControlClient } from '../api/control-client.ts'
import { findControl } from '../api/find-control.ts'
import type { UpSettings } from '../api/types.ts'
import { attachTo } from '../attached/attach-to.ts'
import { type Attached, detach } from '../attached/attachments.ts'
import { dropFresh } from '../attached/fresh.ts'
import { attachedMark, sweepAttached } from '../attached/sweep.ts'
import { adminServer } from '../climb/admin-server.ts'
import { type Context, isNarrow, runtimeOf } from '../climb/context.ts'
import { switchNarrow } from '../climb/migrate.ts'
import { loadSystem } from '../config/load-system.ts'
import { untilEnded } from '../sites/identity.ts'
import { localSite } from '../sites/local.ts'
import { checkSystemName, checkWritable, inspectStateDirectory } from '../state/directory.ts'
import { readJson, writeJson } from '../state/files.ts'
import { type StatePaths, statePaths } from '../state/paths.ts'
import { type BroughtUp, bringUp } from './bring-up.ts'
import { readContext } from './context.ts'
import { commandEnvironment } from './environment.ts'
import { freshName, makeFresh } from './fresh-context.ts'
import { checkExec, live, serviceOf } from './prepare.ts'

export type ExecRequest = {
  readonly config: string
  readonly directory: string
  /** Whose environment the command gets; null for the one with routes. */
  readonly service: string | null
  /** In a database of its own, migrated and empty, dropped afterwards. */
  readonly fresh: boolean
  /** Not in narrow mode; also on a system that `up` runs. */
  readonly wide: boolean
  readonly signal: AbortSignal
  readonly onProgress: (sentence: string) => void
}

/** A place to run a command in. */
export type OpenExec = {
  readonly environment: Readonly<Record<string, string>>
  /** What is special about it, for people. */
  readonly notes: readonly string[]
  /** Ends what the command has left, and everything that ran for it alone. */
  close(): Promise<void>
}

/**
 * Makes a place where a command reaches the database as a service does: of the system that runs, or
 * of a database that is brought up for it and stopped by `close`.
 *
 * @throws BANYAN_EXEC_LIVE, BANYAN_EXEC_REFUSED, and whatever bringing the database up may throw
 * @example
 * const place = await openExec(request)
 * try {
 *   spawn('npm', ['test'], { env: place.environment })
 * } finally {
 *   await place.close()
 * }
 */
export async function openExec(request: ExecRequest): Promise<OpenExec> {
  const paths = statePaths(request.directory)
  const system = await chooseSystem(paths, request)
  checkExec(system, request)
  // First attached, then looked for: so a control that sees nobody left has really nobody left.
  const freshDatabase = request.fresh ? freshName(system) : null
  const attached = await attachTo(paths, system.name, 'exec', freshDatabase)
  const state: Opening = { paths, system, attached, up: null, context: null }
  try {
    return await open(state, request)
  } catch (error) {
    await close(state)
    throw error
  }
}

type Opening = {
  readonly paths: StatePaths
  readonly system: System
  readonly attached: Attached
  up: BroughtUp | null
  context: Context | null
}

/** That of the control which runs, else what the config says now; so also for a trial beside a release. */
async function chooseSystem(paths: StatePaths, request: ExecRequest): Promise<System> {
  const marker = await inspectStateDirectory(paths)
  await checkWritable(paths)
  const recorded = (await findControl(paths)) === null ? null : await readJson<System>(paths.system)
  if (recorded !== null && !(await triesCodeHere(paths, recorded, request))) return recorded
  const system = await loadSystem(request.config, { signal: request.signal })
  checkSystemName(paths, marker, system.name)
  return system
}

/** What `up` runs is a copy of code as it once was, and its migrations; an empty database is for those of here. */
async function triesCodeHere(
  paths: StatePaths,
  { data }: System,
  { fresh }: ExecRequest,
): Promise<boolean> {
  const mode = (await readJson<UpSettings>(paths.settings))?.mode ?? 'up'
  return fresh && mode === 'up' && data !== null && data.url === null
}

async function open(state: Opening, request: ExecRequest): Promise<OpenExec> {
  const { paths, system, attached } = state
  const { wide, fresh, signal } = request
  if (system.data !== null) {
    state.up = await bringUp(paths, request)
    if (state.up.attendance.mode === 'up' && !wide && !fresh) throw live(paths.directory, true)
  }
  const known = await readContext(paths, system, request.onProgress)
  state.context = known
  await sweepAttached(paths, async (name) => await dropFresh(adminServer(known), name))
  const context = fresh ? await makeFresh(known, attached, { wide, signal }) : known
  signal.throwIfAborted()
  const service = serviceOf(context.system, request.service)
  const { file, databaseUrl } = runtimeOf(context, context.system, attached.id, service)
  const { narrow, ...others } = file
  const runtimeFile = join(attached.folder, 'system.json')
  const runtime = {
    ...others,
    ...(narrow === true && !wide ? { narrow } : {}),
    system: known.system,
  }
  await writeJson(runtimeFile, runtime, 0o600)
  const { root } = known.system
  return {
    environment: commandEnvironment(
      { service, id: attached.id, root, runtimeFile, databaseUrl },
      process.env,
    ),
    notes: notesOf(context, state.up, request),
    close: async () => await close(state),
  }
}

function notesOf(context: Context, up: BroughtUp | null, { wide, fresh }: ExecRequest): string[] {
  const { data } = context.system
  if (data === null) return []
  if (data.url !== null) return ['The command works on the adopted database itself, not narrowed.']
  if (up?.attendance.mode === 'up' && !fresh) return ['The command works on live data.']
  if (wide || isNarrow(context) || context.settings.wide !== true) return []
  return ['Not narrowed: "banyan dev" runs with --wide.']
}

/** The command's processes first, then its database, then the system where it ran for nobody else. */
async function close({ paths, attached, context }: Opening): Promise<void> {
  await localSite.stop(null, attachedMark(attached), stopTimeoutMs)
  const { freshDatabase } = attached
  const isGone =
    freshDatabase === null ||
    context === null ||
    (await dropFresh(adminServer(context), freshDatabase))
  // What could not be dropped now is dropped by control or the next command, once we are gone.
  if (!isGone) return
  detach(attached)
  // Beside a system that is not narrow the role was made for us; what fails here is left to the next one.
  if (freshDatabase !== null && context !== null && !isNarrow(context))
    await switchNarrow(context).catch(() => {})
  const control = await findControl(paths)
  if (control === null) return
  const answer = await new ControlClient(control.socket).release().catch(() => ({ stopped: true }))
  if (answer.stopped) await untilEnded(control, longestEndMs)
}

const stopTimeoutMs = 2_000
const longestEndMs = 30_000
