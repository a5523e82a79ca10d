import type { Ground } from './ground.ts'
import { findRungs } from './rungs.ts'

/**
 * Every reason why a system cannot stand on these rungs, in sentences; empty when it can. Asked before
 * the first step, so that what cannot be done is refused whole.
 *
 * @example refusals(['single', 'balanced'], ground)
 * @throws BANYAN_RUNG_UNKNOWN, which lists the rungs that exist.
 */
export const refusals = (names: readonly string[], ground: Ground): readonly string[] =>
  findRungs(names).flatMap(({ name, obstacles }) =>
    obstacles(ground).map((reason) => `${name}: ${reason}`),
  )
