import { BanyanError } from '@banyan/model'
import type { ClimbRequest } from './types.ts'

type Body = Readonly<Record<string, unknown>>

/** What is asked of control for a climb, once it was looked at. */
export function climbRequestOf({ direction, rungs, climb }: Body): ClimbRequest {
  const areNames = Array.isArray(rungs) && rungs.every((rung) => typeof rung === 'string')
  const isNamed = typeof climb === 'string' && /^c-[\w-]{1,40}$/.test(climb)
  if (areNames && (direction === 'grow' || direction === 'shrink') && (isNamed || climb == null)) {
    return { direction, rungs, ...(isNamed && { climb }) }
  }
  throw new BanyanError('BANYAN_USAGE_INVALID', 'The request asks for no climb.', {
    hint: 'Send for example {"direction":"grow","rungs":["balanced"]}.',
  })
}

/** The name of a climb in a request. */
export function climbOf({ climb }: Body): string {
  if (typeof climb === 'string') return climb
  throw new BanyanError('BANYAN_USAGE_INVALID', 'The request names no climb.', {
    hint: 'Send for example {"climb":"c-1"}.',
  })
}
