import { isSameProcess } from '../sites/identity.ts'
import { readJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import type { ControlFile } from './types.ts'

/** The control that runs, or null; what a dead one wrote down is not believed. */
export async function findControl(paths: StatePaths): Promise<ControlFile | null> {
  const file = await readJson<ControlFile>(paths.control)
  return file !== null && isSameProcess(file) ? file : null
}
