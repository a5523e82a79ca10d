import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import { ControlClient } from '../api/control-client.ts'
import { findControl } from '../api/find-control.ts'
import { prepareUp } from '../api/prepare-up.ts'
import { errorOf } from '../api/report.ts'
import { startControl } from '../api/start-control.ts'
import type { Attendance } from '../api/types.ts'
import { type ProcessIdentity, untilEnded } from '../sites/identity.ts'
import type { StatePaths } from '../state/paths.ts'
import { clearLeftovers } from './leftovers.ts'
import type { ExecRequest } from './open-exec.ts'

export type BroughtUp = {
  readonly client: ControlClient
  readonly identity: ProcessIdentity
  readonly attendance: Attendance
}

const longestEndMs = 60_000
const againMs = 50

/**
 * The control that looks after the database: the one that runs, or one of our own that runs nothing
 * else. Two commands that start at once end up with the same.
 */
export async function bringUp(paths: StatePaths, request: ExecRequest): Promise<BroughtUp> {
  for (;;) {
    request.signal.throwIfAborted()
    const file = await findControl(paths)
    if (file === null) {
      await startOrWait(paths, request)
      continue
    }
    const client = new ControlClient(file.socket)
    const attendance = await client.attend().catch(ifGone)
    if (attendance !== null && !attendance.stopping) return { client, identity: file, attendance }
    await untilEnded(file, longestEndMs)
  }
}

async function startOrWait(paths: StatePaths, request: ExecRequest): Promise<void> {
  await clearLeftovers(paths)
  try {
    await start(request)
  } catch (error) {
    // Another one was a moment faster.
    if (!BanyanError.is(error) || error.code !== 'BANYAN_ALREADY_RUNNING') throw error
    await sleep(againMs)
  }
}

async function start(request: ExecRequest): Promise<void> {
  const { config, directory, wide, signal, onProgress } = request
  const place = { config, directory, rungs: [], host: null, port: null, signal }
  const switches = { mode: 'dev', narrow: !wide, dataOnly: true } as const
  const { client } = await startControl(await prepareUp({ ...place, ...switches }))
  for await (const event of client.events(signal)) {
    if (event.type === 'step' && event.outcome === 'done') onProgress(event.sentence)
    if (event.type === 'progress') onProgress(event.sentence)
    if (event.type === 'failed') throw errorOf(event.error)
    if (event.type === 'ready') return
  }
  signal.throwIfAborted()
}

/** A control that ended between being found and being asked. */
function ifGone(error: unknown): null {
  if (BanyanError.is(error) && error.code === 'BANYAN_CONTROL_FAILED') return null
  throw error
}
