import { type ClimbRequest, statePaths } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import { beginAndFollow, leadClimb } from '../climb/lead-climb.ts'
import type { Common } from '../program.ts'

/** Grows or shrinks the system that runs, and stays until that has ended. */
export async function climb(
  { json, directory }: Common,
  request: ClimbRequest & { readonly direction: 'grow' | 'shrink' },
): Promise<number> {
  const paths = statePaths(directory)
  return await leadClimb(
    { json, paths, notRunning: () => notRunning(directory, request) },
    async (leading) => await beginAndFollow(leading, request),
  )
}

function notRunning(directory: string, { direction, rungs, balancer }: ClimbRequest): BanyanError {
  const names = rungs.length > 0 ? rungs.join(',') : 'single,balanced'
  const choice = balancer === undefined ? '' : ` --balancer ${balancer}`
  return new BanyanError('BANYAN_NOT_RUNNING', `No control runs in ${directory}.`, {
    hint:
      direction === 'grow'
        ? `Start the system with "banyan up", or on these rungs at once: "banyan up --rungs ${names}${choice}".`
        : 'Start the system with "banyan up".',
  })
}
