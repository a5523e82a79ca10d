import { readFile } from 'node:fs/promises'

/** The memory of some processes together, in megabytes. */
export type Memory = {
  /** Proportional: a page of a program that other systems of this machine run too counts in part. */
  readonly pssMb: number
  /** As if nothing else ran here: every page of a program's file that our processes use, once. */
  readonly aloneMb: number
}

/** What some processes take together. A busy machine makes PSS look better than it is alone. */
export async function memoryOf(pids: readonly number[]): Promise<Memory> {
  const parts = await Promise.all(pids.map(partsOf))
  const files = new Map<string, number>()
  for (const { fileKb } of parts) {
    for (const [path, kb] of fileKb) files.set(path, Math.max(files.get(path) ?? 0, kb))
  }
  const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, one) => total + one, 0)
  const own = sum(parts.map(({ ownKb }) => ownKb))
  return {
    pssMb: sum(parts.map(({ pssKb }) => pssKb)) / 1_024,
    aloneMb: (own + sum(files.values())) / 1_024,
  }
}

type Parts = {
  readonly pssKb: number
  /** Pages of no file: the heap, and memory that only our processes share. */
  readonly ownKb: number
  /** Pages of each mapped file, by its path. */
  readonly fileKb: ReadonlyMap<string, number>
}

async function partsOf(pid: number): Promise<Parts> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  return {
    pssKb: field(rollup, 'Pss'),
    ownKb: field(rollup, 'Pss_Anon') + field(rollup, 'Pss_Shmem'),
    fileKb: filePages(await readFile(`/proc/${pid}/smaps`, 'utf8')),
  }
}

/** Pages that a process changed are its own and counted as such, though the mapping is a file's. */
function filePages(smaps: string): Map<string, number> {
  const files = new Map<string, number>()
  for (const mapping of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const path = /^\S+ \S+ \S+ \S+ [1-9]\d* +(\/.*)$/m.exec(mapping)?.[1]
    if (path === undefined || path.startsWith('/dev/')) continue
    const kb = field(mapping, 'Rss') - field(mapping, 'Anonymous')
    files.set(path, (files.get(path) ?? 0) + kb)
  }
  return files
}

const field = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
