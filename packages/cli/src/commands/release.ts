import { type ClimbReport, loadSystem, statePaths, takeSnapshot } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import { beginAndFollow, type Leading, leadClimb } from '../climb/lead-climb.ts'
import type { Common } from '../program.ts'

export type ReleaseOptions = {
  /** Also where the same code is live already. */
  readonly again: boolean
}

/** Brings the code as it is here live while the system serves, and stays until that has ended. */
export async function release(common: Common, { again }: ReleaseOptions): Promise<number> {
  const { json, directory } = common
  const paths = statePaths(directory)
  return await leadClimb({ json, paths, notRunning: () => notRunning(directory) }, (leading) =>
    lead(common, leading, again),
  )
}

/** Goes back to the release that was live before. */
export async function undo({ json, directory }: Common): Promise<number> {
  const paths = statePaths(directory)
  return await leadClimb(
    { json, paths, notRunning: () => notRunning(directory) },
    async (leading) => await beginAndFollow(leading, { direction: 'undo', rungs: [] }),
  )
}

async function lead(common: Common, leading: Leading, again: boolean): Promise<ClimbReport> {
  const snapshot = await take(common, leading)
  return await beginAndFollow(leading, { direction: 'release', rungs: [], snapshot, again })
}

/** Copies the app as it is now; its digest is what control is asked to bring live. */
async function take(
  { config }: Common,
  { paths, audience, interrupted: signal }: Leading,
): Promise<string> {
  const onProgress = (sentence: string) =>
    audience.show({ at: new Date().toISOString(), type: 'progress', sentence })
  try {
    const system = await loadSystem(config, { signal })
    const { digest } = await takeSnapshot({ paths, system, config, signal, onProgress })
    signal.throwIfAborted()
    return digest
  } catch (error) {
    // What was copied until then is of no release, and goes with the next one.
    throw signal.aborted ? notBegun() : error
  }
}

function notBegun(): BanyanError {
  return new BanyanError('BANYAN_INTERRUPTED', 'The release was called off before it began.', {
    hint: 'Nothing was changed. Release again when you want it.',
  })
}

function notRunning(directory: string): BanyanError {
  return new BanyanError('BANYAN_NOT_RUNNING', `No control runs in ${directory}.`, {
    hint: 'Start the system with "banyan up", or with the code as it is here: "banyan up --release".',
  })
}
