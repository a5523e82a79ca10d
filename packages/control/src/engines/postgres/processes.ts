import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * The PostgreSQL processes that work in a data directory, by their working directory: every server
 * process changes into it and stays, each in a session of its own, so neither the process group nor
 * the parent tells. A shell that somebody opened there is not one of them.
 */
export async function processesIn(dataDirectory: string): Promise<number[]> {
  // The kernel shows directories without symbolic links.
  const directory = await realpath(dataDirectory).catch(() => dataDirectory)
  return process.platform === 'linux' ? await fromProc(directory) : await fromLsof(directory)
}

/** Whether one process is among them, without looking at all the others. */
export async function isProcessIn(pid: number, dataDirectory: string): Promise<boolean> {
  if (process.platform !== 'linux') return (await processesIn(dataDirectory)).includes(pid)
  const directory = await realpath(dataDirectory).catch(() => dataDirectory)
  return await worksIn(String(pid), directory)
}

/** Whether a process lives, be it another user's. A zombie does not: in a container nobody may reap it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return !isZombieOrGone(pid)
}

/** The state stands behind the name, which is in parentheses and may itself hold one. */
function isZombieOrGone(pid: number): boolean {
  if (process.platform !== 'linux') return false
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text[text.lastIndexOf(')') + 2] === 'Z'
  } catch {
    return true
  }
}

async function fromProc(dataDirectory: string): Promise<number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const checked = await Promise.all(
    names.map(async (name) => ((await worksIn(name, dataDirectory)) ? Number(name) : 0)),
  )
  return checked.filter((pid) => pid > 0)
}

/**
 * By the name of the command, not by its executable: a process that is being torn down still holds
 * the shared memory, but has no executable any more.
 */
async function worksIn(name: string, dataDirectory: string): Promise<boolean> {
  const directory = await linkOf(`/proc/${name}/cwd`)
  if (directory !== dataDirectory && !directory?.startsWith(`${dataDirectory}/`)) return false
  const command = await readFile(`/proc/${name}/comm`, 'utf8').catch(() => '')
  return ['postgres', 'postmaster'].includes(command.trim())
}

/** The kernel marks what was removed since, and a removed directory still has its processes. */
async function linkOf(path: string): Promise<string | null> {
  try {
    return (await readlink(path)).replace(/ \(deleted\)$/, '')
  } catch {
    return null
  }
}

/** Where there is no /proc (macOS), `lsof` reads the same facts. */
async function fromLsof(dataDirectory: string): Promise<number[]> {
  const options = ['-w', '-a', '-c', 'postgres', '-d', 'cwd', '-Fpn']
  const { stdout } = await run('lsof', options).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? '',
  }))
  return parseLsof(stdout, dataDirectory)
}

/** Reads the output of `lsof -Fpn`: a line `p<pid>`, then a line `n<path>` for its directory. */
export function parseLsof(output: string, dataDirectory: string): number[] {
  const found: number[] = []
  let pid = 0
  for (const line of output.split('\n')) {
    if (line.startsWith('p')) pid = Number(line.slice(1))
    const path = line.startsWith('n') ? line.slice(1) : null
    if (path === dataDirectory || path?.startsWith(`${dataDirectory}/`)) found.push(pid)
  }
  return found
}
