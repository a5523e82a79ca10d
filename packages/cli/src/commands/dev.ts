import {
  attachTo,
  type ControlClient,
  detach,
  type PreparedUp,
  prepareUp,
  startControl,
  stopOffline,
} from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import { describeFault, describeMode } from '../dev/describe.ts'
import { Reloader } from '../dev/reloader.ts'
import { Watcher } from '../dev/watcher.ts'
import type { Common } from '../program.ts'
import { Attachment } from '../up/attachment.ts'

export type DevOptions = {
  /** Null: as the last time. */
  readonly port: number | null
  readonly host: string | null
  /** Not in narrow mode. */
  readonly wide: boolean
  /** Null: as the last time; 0: none. */
  readonly consolePort: number | null
}

/** `up` in the foreground for whoever writes the app: what is edited runs at once. Ends everything with itself. */
export async function dev(common: Common, options: DevOptions): Promise<number> {
  const interruption = new AbortController()
  const interrupt = () => interruption.abort(interrupted())
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, interrupt)
  try {
    return await run(common, options, interruption.signal)
  } finally {
    for (const signal of signals) process.off(signal, interrupt)
  }
}

async function run(common: Common, options: DevOptions, signal: AbortSignal): Promise<number> {
  const { wide, ...place } = options
  const request = {
    ...common,
    ...place,
    rungs: [],
    mode: 'dev',
    narrow: !wide,
    proves: true,
  } as const
  const prepared = await prepareUp({ ...request, signal }).catch((error) => {
    throw signal.aborted ? signal.reason : error
  })
  signal.throwIfAborted()
  const { paths, system } = prepared
  // Control stops everything as soon as this process is gone, however it went.
  const attached = await attachTo(paths, system.name, 'dev')
  let watching: Watching | null = null
  try {
    const attachment = new Attachment(prepared, {
      json: common.json,
      detach: false,
      onSettled: (client) => {
        watching = watchFor(common, prepared, client)
      },
      onFollowed: () => watching?.reloader.again(),
    })
    await attachment.begin()
    if (!common.json) process.stdout.write(describeMode(system, prepared.settings))
    return await attachment.follow(await startControl(prepared), signal)
  } catch (error) {
    throw await clearUp(prepared, error)
  } finally {
    await (watching as Watching | null)?.watcher.stop()
    detach(attached)
  }
}

type Watching = { readonly watcher: Watcher; readonly reloader: Reloader }

function watchFor(common: Common, prepared: PreparedUp, client: ControlClient): Watching {
  const { system, paths } = prepared
  const onFault = (files: Parameters<typeof describeFault>[0], error: unknown) =>
    void process.stdout.write(describeFault(files, error, common.json))
  const reloader = new Reloader({ config: common.config, system, client, onFault })
  const watcher = new Watcher({
    root: system.root,
    folders: [paths.directory, ...(system.assets === null ? [] : [system.assets])],
    onChange: (files) => reloader.take(files),
    onError: (error) => onFault([], error),
  })
  watcher.start().then(
    () => common.json && process.stdout.write(`${JSON.stringify({ type: 'watching' })}\n`),
    (error) => onFault([], error),
  )
  return { watcher, reloader }
}

/** A control that was killed cannot stop what it had started, and nobody else would. */
async function clearUp({ paths }: PreparedUp, error: unknown): Promise<unknown> {
  if (!BanyanError.is(error) || error.code !== 'BANYAN_CONTROL_FAILED') return error
  const stopped = await stopOffline(paths).catch(() => null)
  if (stopped === null) return error
  return new BanyanError(
    'BANYAN_CONTROL_FAILED',
    `The control process ended unexpectedly; ${stopped.length === 0 ? 'nothing else runs' : `${stopped.join(' and ')} ${stopped.length === 1 ? 'was' : 'were'} stopped`}.`,
    { hint: `Run "banyan dev" again. Why it ended may be in ${paths.controlLog}.`, cause: error },
  )
}

function interrupted(): BanyanError {
  return new BanyanError('BANYAN_INTERRUPTED', 'Interrupted: what was started is stopped again.', {
    hint: 'Run "banyan dev" to start it.',
  })
}
