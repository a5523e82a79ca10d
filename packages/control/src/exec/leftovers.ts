import type { UpSettings } from '../api/types.ts'
import { observeOffline } from '../offline/observe.ts'
import { stopOffline } from '../offline/stop.ts'
import { readJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import { live } from './prepare.ts'

/**
 * What a control that was killed has left. What it ran for `dev` or `exec` is stopped: their commands
 * are gone. What it ran for `up` goes on serving, and is not touched.
 */
export async function clearLeftovers(paths: StatePaths): Promise<void> {
  const { nodes } = await observeOffline(paths)
  // Somebody else's server is there with or without us.
  if (nodes.every(({ pid }) => pid === null)) return
  const settings = await readJson<UpSettings>(paths.settings)
  if (settings?.mode !== 'dev') throw live(paths.directory, false)
  await stopOffline(paths)
}
