import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
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
  return process.platform === 'linux' ? fromProc(directory) : await fromLsof(directory)
}

/** Whether one process is among them, without looking at all the others. */
export async function isProcessIn(pid: number, dataDirectory: string): Promise<boolean> {
  if (process.platform !== 'linux') return (await processesIn(dataDirectory)).includes(pid)
  const directory = await realpath(dataDirectory).catch(() => dataDirectory)
  return worksIn(String(pid), directory)
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

/**
 * Without a pause: the kernel answers from memory within microseconds, and several hundred turns through the
 * event loop would take longer than everything else that a failover does.
 */
function fromProc(dataDirectory: string): number[] {
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return names.filter((name) => worksIn(name, dataDirectory)).map(Number)
}

/**
 * By the name of the command, not by its executable: a process that is being torn down still holds
 * the shared memory, but has no executable any more. The directory comes first, which is one call to the
 * kernel, and of all processes of a machine hardly one passes.
 */
function worksIn(name: string, dataDirectory: string): boolean {
  const directory = linkOf(`/proc/${name}/cwd`)
  if (directory !== dataDirectory && directory?.startsWith(`${dataDirectory}/`) !== true)
    return false
  return ['postgres', 'postmaster'].includes(commandOf(name))
}

function commandOf(name: string): string {
  try {
    return readFileSync(`/proc/${name}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

/** The kernel marks what was removed since, and a removed directory still has its processes. */
function linkOf(path: string): string | null {
  try {
    return readlinkSync(path).replace(/ \(deleted\)$/, '')
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
