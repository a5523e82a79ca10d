import { readdir, readFile } from 'node:fs/promises'

/** A running process, as /proc shows it. */
export type ProcessEntry = {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Memory of a process in which pages shared with others count in proportion (PSS). */
export async function pssMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]) / 1_024
}

/** Processor time of a process so far. The scheduler counts nanoseconds; `stat` only ticks of 10 ms. */
export async function cpuMs(pid: number): Promise<number> {
  const tasks = await readdir(`/proc/${pid}/task`)
  const spent = await Promise.all(
    tasks.map(async (task) => {
      const text = await readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8').catch(() => '0')
      return Number(text.split(' ')[0])
    }),
  )
  return spent.reduce((sum, one) => sum + one, 0) / 1e6
}

/** Every process of this machine. */
export async function processTable(): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const entries = await Promise.all(pids.map(readEntry))
  return entries.filter((entry) => entry !== null)
}

/** A process and all that descend from it. */
export function treeOf(table: readonly ProcessEntry[], root: number): ProcessEntry[] {
  const tree = table.filter(({ pid }) => pid === root)
  for (const { pid } of tree) tree.push(...table.filter(({ parent }) => parent === pid))
  return tree
}

async function readEntry(pid: number): Promise<ProcessEntry | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    return { pid, parent: Number(fields[1]), command: command.replaceAll('\0', ' ').trim() }
  } catch {
    return null
  }
}
