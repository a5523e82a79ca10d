import { randomInt } from 'node:crypto'
import { randomFrom } from '../../../apps/conduit/src/seed/random.ts'

const seed = Number(process.env.BANYAN_SEED ?? randomInt(2 ** 31))

/** A few of all, in their order, that the seed chooses; all of them where `most` is 0, as in a soak. */
export function sample<One>(all: readonly One[], most: number, label: string): readonly One[] {
  if (most === 0 || all.length <= most) return all
  const random = randomFrom(seed, label)
  const ranked = all.map((one, index) => ({ one, index, rank: random.fraction() }))
  const chosen = ranked.sort((a, b) => a.rank - b.rank).slice(0, most)
  return chosen.sort((a, b) => a.index - b.index).map(({ one }) => one)
}

/** Of how many moments an interruption is tried for each kind of it; 0 for all of them. */
export const momentsMax = Number(process.env.BANYAN_INTERRUPT_MOMENTS ?? '2')
