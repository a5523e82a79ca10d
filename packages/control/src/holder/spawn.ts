import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The programs as they lie beside this folder: TypeScript in the repository, JavaScript once it is built. */
export const controlProgram = programAt('../main')
export const holderProgram = programAt('./main')

function programAt(name: string): string {
  return fileURLToPath(new URL(`${name}${extname(import.meta.url)}`, import.meta.url))
}

export type OwnLaunch = {
  readonly words: readonly string[]
  readonly cwd: string
  readonly logFile: string
  readonly environment: NodeJS.ProcessEnv
  /** Given on as descriptors from 4 on. */
  readonly sockets: readonly number[]
}

/** Starts a process of ours that outlives us, with a channel between the two. */
export function spawnOwn({ words, cwd, logFile, environment, sockets }: OwnLaunch): ChildProcess {
  const log = openLog(logFile)
  const stdio: StdioOptions = ['ignore', log ?? 'ignore', log ?? 'ignore', 'ipc', ...sockets]
  try {
    const options = { cwd, env: environment, detached: true, stdio }
    return spawn(process.execPath, [...words], options)
  } finally {
    if (log !== null) closeSync(log)
  }
}

/** What keeps a system running must not wait for its log. */
function openLog(path: string): number | null {
  try {
    return openSync(path, 'a', 0o600)
  } catch {
    return null
  }
}
