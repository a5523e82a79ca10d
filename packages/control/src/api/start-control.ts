import { type ChildProcess, spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BanyanError } from '@banyan/model'
import { withCompileCache } from '../compile-cache.ts'
import { lastLines } from '../logs/tail.ts'
import { identify, type ProcessIdentity } from '../sites/identity.ts'
import { makeStateDirectory } from '../state/directory.ts'
import { writeJson } from '../state/files.ts'
import { ControlClient } from './control-client.ts'
import type { PreparedUp } from './prepare-up.ts'
import { errorOf } from './report.ts'
import type { Handshake } from './types.ts'

/** Control as it lies beside this file: TypeScript in the repository, JavaScript once it is built. */
const program = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url))

export type StartedControl = { readonly client: ControlClient; readonly identity: ProcessIdentity }

/** Starts control, detached from us, and returns as soon as it listens. */
export async function startControl(prepared: PreparedUp): Promise<StartedControl> {
  const { paths, system, settings } = prepared
  await makeStateDirectory(paths, system.name)
  await writeJson(paths.system, system, 0o600)
  await writeJson(paths.settings, settings)
  await warmCache()
  const log = await open(paths.controlLog, 'a', 0o600)
  try {
    const child = spawn(process.execPath, [program, paths.directory], {
      cwd: paths.directory,
      env: withCompileCache(process.env),
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    })
    const identity = identify(child.pid ?? 0) ?? { pid: child.pid ?? 0, startTime: 'ended' }
    const word = await firstWord(child, paths.controlLog)
    if (child.connected) child.disconnect()
    child.unref()
    if (word.kind === 'refused') throw errorOf(word.error)
    return { client: new ControlClient(word.socket), identity }
  } finally {
    await log.close()
  }
}

/**
 * Strips control's types here, where the means for it are loaded already, so that control need not
 * load them: they would stay in its memory, 30 MB, for as long as it lives.
 */
async function warmCache(): Promise<void> {
  if (!program.endsWith('.ts')) return
  await import('../main.ts')
  flushCompileCache()
}

async function firstWord(child: ChildProcess, logFile: string): Promise<Handshake> {
  return await new Promise((resolve, reject) => {
    child.once('message', (word) => resolve(word as Handshake))
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
