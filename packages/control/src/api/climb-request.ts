import { BanyanError } from '@banyan/model'
import type { ClimbRequest } from './types.ts'

type Body = Readonly<Record<string, unknown>>

/** What is asked of control for a climb, once it was looked at. */
export function climbRequestOf(body: Body): ClimbRequest {
  const { direction, rungs, climb, balancer, snapshot, again } = body
  const isWhole =
    isDirection(direction) &&
    Array.isArray(rungs) &&
    rungs.every((rung) => typeof rung === 'string') &&
    (climb == null || (typeof climb === 'string' && /^c-[\w-]{1,40}$/.test(climb))) &&
    (balancer == null || balancer === 'gateway' || balancer === 'haproxy') &&
    (direction === 'release') === (typeof snapshot === 'string') &&
    (again == null || typeof again === 'boolean')
  if (isWhole) {
    return {
      direction,
      rungs,
      ...(typeof climb === 'string' && { climb }),
      ...((balancer === 'gateway' || balancer === 'haproxy') && { balancer }),
      ...(typeof snapshot === 'string' && { snapshot }),
      ...(again === true && { again }),
    }
  }
  throw new BanyanError('BANYAN_USAGE_INVALID', 'The request asks for no climb.', {
    hint: 'Send for example {"direction":"grow","rungs":["balanced"]}.',
  })
}

const isDirection = (value: unknown): value is ClimbRequest['direction'] =>
  ['grow', 'shrink', 'release', 'undo'].includes(value as string)

/** The name of a climb in a request. */
export function climbOf({ climb }: Body): string {
  if (typeof climb === 'string') return climb
  throw new BanyanError('BANYAN_USAGE_INVALID', 'The request names no climb.', {
    hint: 'Send for example {"climb":"c-1"}.',
  })
}
