import { readdir, readFile, readlink } from 'node:fs/promises'

/** What /proc tells of other processes. Where there is none (macOS) the answers are empty. */

/** The processes whose environment holds exactly this variable: a node and all that it started. */
export async function processesWith(name: string, value: string): Promise<number[]> {
  const wanted = latin1(`${name}=${value}`)
  return await processesThat(async (pid) => {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1')
    return environment.includes(wanted) && environment.split('\0').includes(wanted)
  })
}

/**
 * Of the processes with this variable the one that the others descend from; null where there is none,
 * or more than one.
 */
export async function ancestorWith(name: string, value: string): Promise<number | null> {
  const pids = await processesWith(name, value)
  const parents = await Promise.all(pids.map(parentOf))
  const roots = pids.filter((_, index) => !pids.includes(parents[index] ?? 0))
  return roots.length === 1 ? (roots[0] ?? null) : null
}

async function parentOf(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  // Behind the program's name in brackets come its state and its parent.
  const parent = text?.slice(text.lastIndexOf(')') + 2).split(' ')[1]
  return parent === undefined ? null : Number(parent)
}

/**
 * Whether the environment of a process gives the variable another value. Not whether it lacks it:
 * some programs overwrite their environment with their title.
 */
export async function contradicts(pid: number, name: string, value: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
  const found = environment.split('\0').filter((variable) => variable.startsWith(`${name}=`))
  return found.length > 0 && !found.includes(latin1(`${name}=${value}`))
}

/** The bytes of a text as the environment is read: one character each. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** The ports that some of these processes listen on. */
export async function listeningPorts(pids: readonly number[]): Promise<number[]> {
  const listeners = await readListeners()
  const inodes = (await Promise.all(pids.map(socketsOf))).flat()
  const ports = listeners.filter(({ inode }) => inodes.includes(inode)).map(({ port }) => port)
  return [...new Set(ports)].sort((a, b) => a - b)
}

export type Holder = { readonly pid: number; readonly command: string }

/** The process that listens on a port, where it can be found: another user's needs root. */
export async function holderOfPort(port: number): Promise<Holder | null> {
  const inodes = (await readListeners())
    .filter((listener) => listener.port === port)
    .map(({ inode }) => inode)
  if (inodes.length === 0) return null
  const [pid] = await processesThat(async (candidate) =>
    (await socketsOf(candidate)).some((inode) => inodes.includes(inode)),
  )
  return pid === undefined ? null : { pid, command: await commandOf(pid) }
}

async function processesThat(holds: (pid: number) => Promise<boolean>): Promise<number[]> {
  const names = await readdir('/proc').catch(() => [])
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number)
  const answers = await Promise.all(pids.map((pid) => holds(pid).catch(() => false)))
  return pids.filter((pid, index) => answers[index] === true && pid !== process.pid)
}

async function commandOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return text.split('\0').join(' ').trim()
}

async function socketsOf(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const links = await Promise.all(
    names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')),
  )
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}

type Listener = { readonly port: number; readonly inode: string }

async function readListeners(): Promise<Listener[]> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  )
  return tables.flatMap(parseListeners)
}

/** Reads the lines of /proc/net/tcp whose state is LISTEN (0A). */
export function parseListeners(table: string): Listener[] {
  const listening = '0A'
  return table.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    const port = Number.parseInt(local?.split(':')[1] ?? '', 16)
    return state === listening && inode !== undefined && port > 0 ? [{ port, inode }] : []
  })
}
