import { BanyanError } from '@banyan/model'
import type { SwitchoverRequest } from './types.ts'

/** What is asked of control for a switchover, or for what one may lose, once it was looked at. */
export function switchoverRequestOf(body: Readonly<Record<string, unknown>>): SwitchoverRequest {
  const { to = null, acceptLoss = false } = body
  const isWhole = (to === null || typeof to === 'string') && typeof acceptLoss === 'boolean'
  if (isWhole) return { to, ...(acceptLoss && { acceptLoss }) }
  throw new BanyanError('BANYAN_USAGE_INVALID', 'The request asks for no switchover.', {
    hint: 'Send for example {"to":"db-3"}, or {"to":null} for whichever is best.',
  })
}
