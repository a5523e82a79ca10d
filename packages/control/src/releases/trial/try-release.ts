import type { StepOf } from '@banyan/model'
import type { Context } from '../../climb/context.ts'
import { shareAlike } from '../../entry/gateways.ts'

/** W writes the comparison; until then nothing is compared. */
export async function tryRelease(
  context: Context,
  { release }: StepOf<'try-release'>,
  _signal: AbortSignal,
): Promise<void> {
  await context.releases.markTried(release)
  await shareAlike(context)
}
