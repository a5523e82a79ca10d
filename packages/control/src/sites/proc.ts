import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'

/*
 * What /proc tells of other processes. Where there is none (macOS) the answers are empty. Its files are
 * read at once: the kernel answers from memory in microseconds, while a promise for each takes several
 * turns through other threads, and there are hundreds of processes. The tables of sockets are another matter:
 * the kernel goes through all of them, for milliseconds.
 */

/** So many processes are looked at before others get a turn. */
const atOnce = 100

/** The processes whose environment holds exactly this variable: a node and all that it started. */
export async function processesWith(name: string, value: string): Promise<number[]> {
  const wanted = latin1(`${name}=${value}`)
  return await processesThat((pid) => {
    const environment = textOf(`/proc/${pid}/environ`)
    return environment.includes(wanted) && environment.split('\0').includes(wanted)
  })
}

/**
 * Of the processes with this variable the one that the others descend from; null where there is none,
 * or more than one.
 */
export async function ancestorWith(name: string, value: string): Promise<number | null> {
  const pids = await processesWith(name, value)
  const parents = pids.map(parentOf)
  const roots = pids.filter((_, index) => !pids.includes(parents[index] ?? 0))
  return roots.length === 1 ? (roots[0] ?? null) : null
}

function parentOf(pid: number): number | null {
  const text = textOf(`/proc/${pid}/stat`)
  // Behind the program's name in brackets come its state and its parent.
  const parent = text.slice(text.lastIndexOf(')') + 2).split(' ')[1]
  return parent === undefined ? null : Number(parent)
}

/**
 * Whether the environment of a process gives the variable another value. Not whether it lacks it:
 * some programs overwrite their environment with their title.
 */
export function contradicts(pid: number, name: string, value: string): boolean {
  const found = textOf(`/proc/${pid}/environ`)
    .split('\0')
    .filter((variable) => variable.startsWith(`${name}=`))
  return found.length > 0 && !found.includes(latin1(`${name}=${value}`))
}

/** The bytes of a text as the environment is read: one character each. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** The ports that some of these processes listen on. */
export async function listeningPorts(pids: readonly number[]): Promise<number[]> {
  const inodes = new Set(pids.flatMap(socketsOf))
  if (inodes.size === 0) return []
  const ports = (await readListeners()).flatMap(({ inode, port }) =>
    inodes.has(inode) ? [port] : [],
  )
  return [...new Set(ports)].sort((a, b) => a - b)
}

/**
 * Of each of these processes the local ports of its connections to a server. Its address counts, not the port
 * alone: connections to two servers may come from the same local port.
 */
export async function connectionsOf(
  pids: readonly number[],
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number[][]> {
  const remote = `${addressIn(host)}:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const connections = (await readTables()).flatMap(parseConnections)
  const there = connections.filter((connection) => connection.remote.endsWith(remote))
  return pids.map((pid) => {
    const inodes = new Set(socketsOf(pid))
    return there.flatMap((one) => (inodes.has(one.inode) ? [one.port] : []))
  })
}

/** An IPv4 address as the kernel writes it, also at the end of one that is mapped to IPv6: its bytes backwards. */
const addressIn = (host: string): string =>
  host
    .split('.')
    .map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'))
    .reverse()
    .join('')

export type Holder = { readonly pid: number; readonly command: string }

/** The process that listens on a port, where it can be found: another user's needs root. */
export async function holderOfPort(port: number): Promise<Holder | null> {
  const inodes = (await readListeners()).flatMap((listener) =>
    listener.port === port ? [listener.inode] : [],
  )
  if (inodes.length === 0) return null
  const [pid] = await processesThat((candidate) =>
    socketsOf(candidate).some((inode) => inodes.includes(inode)),
  )
  return pid === undefined ? null : { pid, command: commandOf(pid) }
}

async function processesThat(holds: (pid: number) => boolean): Promise<number[]> {
  const pids = allProcesses()
  const found: number[] = []
  for (let from = 0; from < pids.length; from += atOnce) {
    if (from > 0) await nextTurn()
    found.push(...pids.slice(from, from + atOnce).filter(holds))
  }
  return found
}

/** All but this one. */
function allProcesses(): number[] {
  const pids = namesIn('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => pid !== process.pid)
}

function commandOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).split('\0').join(' ').trim()
}

function socketsOf(pid: number): string[] {
  const links = namesIn(`/proc/${pid}/fd`).map((name) => linkOf(`/proc/${pid}/fd/${name}`))
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}

/** As bytes, one character each. Empty for a process that has ended, or that belongs to somebody else. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

type Listener = { readonly port: number; readonly inode: string }

const readListeners = async (): Promise<Listener[]> => (await readTables()).flatMap(parseListeners)

const readTables = async (): Promise<string[]> =>
  await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'latin1').catch(() => '')),
  )

/** Reads the lines of /proc/net/tcp whose state is LISTEN (0A). */
export const parseListeners = (table: string): Listener[] =>
  parseLines(table, '0A').map(({ port, inode }) => ({ port, inode }))

/** Reads the lines of /proc/net/tcp whose state is ESTABLISHED (01). */
const parseConnections = (table: string): Connection[] => parseLines(table, '01')

type Connection = Listener & { readonly remote: string }

function parseLines(table: string, wanted: string): Connection[] {
  const portIn = (address: string | undefined): number =>
    Number.parseInt(address?.split(':')[1] ?? '', 16)
  return table.split('\n').flatMap((line) => {
    const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/)
    const port = portIn(local)
    if (state !== wanted || inode === undefined || !(port > 0)) return []
    return [{ port, remote: remote ?? '', inode }]
  })
}
