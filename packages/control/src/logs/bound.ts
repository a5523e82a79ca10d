import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { StatePaths } from '../state/paths.ts'
import { rotate } from './rotate.ts'

const lookEveryMs = 10_000

/** Keeps every log of a state directory bounded; returns how to stop. */
export function keepLogsBounded(paths: StatePaths): () => void {
  const timer = setInterval(() => void boundAll(paths), lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

async function boundAll(paths: StatePaths): Promise<void> {
  const names = await readdir(paths.logs).catch(() => [])
  const logs = names.filter((name) => name.endsWith('.log')).map((name) => join(paths.logs, name))
  for (const path of [...logs, paths.controlLog, paths.storeLog]) {
    // A log that cannot be cut now is tried again; a full disk must not end control.
    await rotate(path).catch(() => false)
  }
}
