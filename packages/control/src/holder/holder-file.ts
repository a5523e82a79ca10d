import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { identify, isSameProcess, type ProcessIdentity } from '../sites/identity.ts'
import type { StatePaths } from '../state/paths.ts'

/*
 * `holder.json`: where the running holder is. Written and read without the means of the rest of
 * control, because the holder is to stay small.
 */

export type HolderFile = ProcessIdentity & {
  readonly format: 1
  /** The state directory that it is for; in a copy of that, the file says nothing. */
  readonly directory: string
}

/** The holder that runs, or null. What a dead one wrote down is not believed. */
export function findHolder(paths: StatePaths): ProcessIdentity | null {
  const file = read(paths.holder)
  if (file === null || file.directory !== paths.directory) return null
  return isSameProcess(file) ? { pid: file.pid, startTime: file.startTime } : null
}

/** Says where this process is. Whoever calls holds the holder's lock. */
export function writeHolderFile(paths: StatePaths): void {
  const { pid } = process
  const startTime = identify(pid)?.startTime ?? ''
  const file: HolderFile = { format: 1, directory: paths.directory, pid, startTime }
  // Not named as the halves that a control removes when it begins: it may begin right now.
  const half = `${paths.holder}.half`
  try {
    writeFileSync(half, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
    renameSync(half, paths.holder)
  } finally {
    rmSync(half, { force: true })
  }
}

function read(path: string): HolderFile | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return typeof value === 'object' && value !== null ? (value as HolderFile) : null
  } catch {
    return null
  }
}
