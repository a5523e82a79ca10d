import { readFile, statfs } from 'node:fs/promises'
import { cpus, freemem, totalmem } from 'node:os'

/** What the machine says of itself. */
export type HostSample = {
  /** Seconds since its start, by mode. */
  readonly cpuSeconds: Readonly<Record<string, number>>
  readonly memory: { readonly used: number; readonly free: number }
  /** Of the file system that the state directory is on; null where it cannot be asked. */
  readonly disk: { readonly used: number; readonly free: number } | null
}

/** In the order in which the first line of /proc/stat has them. */
const modes = ['user', 'nice', 'system', 'idle', 'iowait', 'interrupt', 'softirq', 'steal'] as const
/** Of a second: what Linux tells programs, whatever its own clock is. */
export const ticksPerSecond = 100

export async function readHost(directory: string): Promise<HostSample> {
  const [stat, meminfo, disk] = await Promise.all([
    readFile('/proc/stat', 'utf8').catch(() => ''),
    readFile('/proc/meminfo', 'utf8').catch(() => ''),
    readDisk(directory).catch(() => null),
  ])
  return {
    cpuSeconds: parseCpu(stat) ?? cpuOfNode(),
    memory: parseMemory(meminfo) ?? { used: totalmem() - freemem(), free: freemem() },
    disk,
  }
}

/** Reads the first line of /proc/stat, which is about all CPUs together. */
export function parseCpu(text: string): Record<string, number> | null {
  const words = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number)
  if (words === undefined) return null
  return Object.fromEntries(modes.map((mode, at) => [mode, (words[at] ?? 0) / ticksPerSecond]))
}

/** What the kernel could give away at once is free, though caches may have it. */
export function parseMemory(text: string): HostSample['memory'] | null {
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN)
  const total = kilobytes('MemTotal') * 1024
  const free = kilobytes('MemAvailable') * 1024
  return Number.isFinite(total) && Number.isFinite(free) ? { used: total - free, free } : null
}

/** Where there is no /proc (macOS), in milliseconds. */
function cpuOfNode(): Record<string, number> {
  const all = cpus().map(({ times }) => times)
  const sum = (of: (one: (typeof all)[number]) => number): number =>
    all.reduce((total, one) => total + of(one), 0) / 1000
  return {
    user: sum(({ user }) => user),
    nice: sum(({ nice }) => nice),
    system: sum(({ sys }) => sys),
    idle: sum(({ idle }) => idle),
    interrupt: sum(({ irq }) => irq),
  }
}

/** Room that only root may take counts for neither. */
async function readDisk(directory: string): Promise<NonNullable<HostSample['disk']>> {
  const { bsize, blocks, bfree, bavail } = await statfs(directory)
  return { used: (blocks - bfree) * bsize, free: bavail * bsize }
}
