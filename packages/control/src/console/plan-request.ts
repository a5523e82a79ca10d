import { BanyanError } from '@banyan/model'

export type PlanRequest = {
  readonly direction: 'grow' | 'shrink'
  readonly rungs: readonly string[]
}

/** What a page asks to see the steps of, once it was looked at. */
export function planRequestOf(body: Readonly<Record<string, unknown>>): PlanRequest {
  const { direction, rungs } = body
  const isWhole =
    (direction === 'grow' || direction === 'shrink') &&
    Array.isArray(rungs) &&
    rungs.every((rung) => typeof rung === 'string')
  if (isWhole) return { direction, rungs }
  throw new BanyanError('BANYAN_USAGE_INVALID', 'The request asks for no plan.', {
    hint: 'Send for example {"direction":"grow","rungs":["balanced"]}.',
  })
}
