import type { ChildProcess } from 'node:child_process'
import { BanyanError } from '@banyan/model'
import { withCompileCache } from '../compile-cache.ts'
import { endHolder } from '../holder/end-holder.ts'
import { findHolder } from '../holder/holder-file.ts'
import { controlProgram, holderProgram, spawnOwn } from '../holder/spawn.ts'
import type { FirstWord, HolderTask } from '../holder/words.ts'
import { lastLines } from '../logs/tail.ts'
import { beginRelease } from '../releases/record.ts'
import { takeSnapshot } from '../releases/snapshot/take.ts'
import { identify, type ProcessIdentity, untilEnded } from '../sites/identity.ts'
import { makeStateDirectory } from '../state/directory.ts'
import { writeJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import { warmCache } from '../warm-cache.ts'
import { ControlClient } from './control-client.ts'
import { findControl } from './find-control.ts'
import type { PreparedUp } from './prepare-up.ts'
import { errorOf } from './report.ts'
import type { UpSettings } from './types.ts'

export type StartedControl = {
  readonly client: ControlClient
  /** Where it listens; the next control may listen elsewhere. */
  readonly socket: string
  readonly identity: ProcessIdentity
}

/**
 * Starts a holder, which starts control, both detached from us, and returns as soon as control
 * listens. For a command of `exec` there is nothing to hold: its control comes alone.
 */
export async function startControl(
  prepared: PreparedUp,
  onProgress: (sentence: string) => void = () => {},
): Promise<StartedControl> {
  const { paths, system } = prepared
  const isHeld = prepared.settings.dataOnly !== true
  await replaceHolder(paths, isHeld)
  await makeStateDirectory(paths, system.name)
  const settings = await withRelease(prepared, onProgress)
  await writeJson(paths.system, system, 0o600)
  await writeJson(paths.settings, settings)
  await warmCache()
  const task: HolderTask = { kind: 'start', beside: prepared.beside ?? [] }
  const program = isHeld ? [holderProgram] : [controlProgram]
  const words = isHeld ? [JSON.stringify(task)] : []
  const logFile = isHeld ? paths.holderLog : paths.controlLog
  const child = spawnOwn({
    words: [...program, paths.directory, ...words],
    cwd: paths.directory,
    environment: withCompileCache(process.env),
    logFile,
    sockets: [],
  })
  const word = await firstWord(child, logFile)
  if (child.connected) child.disconnect()
  child.unref()
  if (word.kind !== 'listening') await untilEnded(identify(child.pid ?? 0) ?? nobody, goodbyeMs)
  if (word.kind === 'refused') throw errorOf(word.error)
  if (word.kind === 'died') throw failed(word.how, await lastLines(paths.controlLog, 10))
  const { socket, identity } = word
  return { client: new ControlClient(socket), socket, identity }
}

/** Takes the snapshot that `up` is to bring live, and writes down that it is on its way. */
async function withRelease(
  prepared: PreparedUp,
  onProgress: (sentence: string) => void,
): Promise<UpSettings> {
  const { paths, system, config, settings, code } = prepared
  if (code !== 'new') return settings
  const { digest } = await takeSnapshot({ paths, system, config, onProgress })
  return { ...settings, release: await beginRelease(paths, digest) }
}

/** Whoever looks after us when nothing could be started must find nothing. */
const goodbyeMs = 2_000
const nobody: ProcessIdentity = { pid: 0, startTime: 'ended' }

/**
 * A holder whose control does not come back, not even after having been waited for: whoever asks for
 * the system again may have mended why. A command only asks for its database, so that it may not.
 */
async function replaceHolder(paths: StatePaths, isHeld: boolean): Promise<void> {
  const holder = findHolder(paths)
  if (holder === null) return
  // It may be of another "up" that has only just begun: that one gets its time.
  if ((await findControl(paths)) !== null) throw alreadyRunning(paths)
  if (isHeld) return await endHolder(paths)
  throw new BanyanError(
    'BANYAN_CONTROL_FAILED',
    `The control process of ${paths.directory} died and does not come back; its holder (process ${holder.pid}) tries again and again.`,
    { hint: `Why is in ${paths.controlLog}. Mend it, or stop everything with "banyan down".` },
  )
}

function alreadyRunning({ directory }: StatePaths): BanyanError {
  return new BanyanError('BANYAN_ALREADY_RUNNING', `The system in ${directory} runs already.`, {
    hint: 'Look at it with "banyan status", or stop it with "banyan down".',
  })
}

async function firstWord(child: ChildProcess, logFile: string): Promise<FirstWord> {
  return await new Promise((resolve, reject) => {
    child.once('message', (word) => resolve(word as FirstWord))
    child.once('error', (cause) => reject(failed(cause.message, [])))
    child.once('exit', (code, signal) => {
      void lastLines(logFile, 10).then((lines) => reject(failed(signal ?? `code ${code}`, lines)))
    })
  })
}

function failed(how: string, lines: readonly string[]): BanyanError {
  return new BanyanError(
    'BANYAN_CONTROL_FAILED',
    `The control process ended before it listened (${how}).${lines.map((line) => `\n  ${line}`).join('')}`,
    { hint: 'This is a fault of Banyan. The whole log is control.log in the state directory.' },
  )
}
