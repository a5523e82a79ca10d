import { readFileSync } from 'node:fs'
import { ticksPerSecond } from './host.ts'

export type Usage = { readonly cpuSeconds: number; readonly memoryBytes: number }

/** Reads a file of /proc; null where there is none. */
export type ReadProc = (path: string) => string | null

const pageBytes = 4096
/** A program that starts others without end is not followed without end. */
const processesMax = 2_000

/**
 * What a node's processes use, from its first one down: the kernel names the children of each, so that nobody
 * looks at all processes of the machine. Null where the first one has ended.
 *
 * CPU time counts children that were waited for, so that what an ended one used is not lost. Memory that
 * processes share (PostgreSQL's buffers) counts once.
 *
 * Without a pause: the kernel answers within microseconds, and a turn of the event loop for each would cost more.
 */
export function usageOf(pid: number, read: ReadProc = readProc): Usage | null {
  const samples = treeOf(pid, read).flatMap((one) => sampleOf(one, read) ?? [])
  if (samples.length === 0) return null
  const shared = Math.max(...samples.map((sample) => sample.shared))
  const own = samples.reduce((sum, sample) => sum + sample.resident - sample.shared, 0)
  const ticks = samples.reduce((sum, sample) => sum + sample.ticks, 0)
  return { cpuSeconds: ticks / ticksPerSecond, memoryBytes: (own + shared) * pageBytes }
}

function treeOf(pid: number, read: ReadProc): readonly number[] {
  const found = [pid]
  for (let at = 0; at < found.length && found.length < processesMax; at += 1) {
    const text = read(`/proc/${found[at]}/task/${found[at]}/children`) ?? ''
    for (const word of text.split(' ')) if (word !== '') found.push(Number(word))
  }
  return found
}

type Sample = { readonly ticks: number; readonly resident: number; readonly shared: number }

function sampleOf(pid: number, read: ReadProc): Sample | null {
  const stat = read(`/proc/${pid}/stat`)
  const statm = read(`/proc/${pid}/statm`)
  if (stat === null || statm === null) return null
  // Behind the program's name in brackets; the first of these is its state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map(Number)
  const [, resident = 0, shared = 0] = statm.split(' ').map(Number)
  const ticks = (user ?? 0) + (system ?? 0) + (childUser ?? 0) + (childSystem ?? 0)
  return { ticks, resident, shared }
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
