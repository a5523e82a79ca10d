/** Random numbers that are the same for the same seed: a number from 0 up to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A whole number from 0 up to a limit. */
export const below = (random: () => number, limit: number): number => Math.floor(random() * limit)

/** One of several things. */
export function pick<T>(random: () => number, things: readonly T[]): T {
  const thing = things[below(random, things.length)]
  if (thing === undefined) throw new RangeError('There is nothing to pick from.')
  return thing
}

/**
 * The seed of this run: `BANYAN_SEED`, so that the soak changes it, else always the same. Small enough
 * that a hundred thousand seeds can follow from it.
 */
export const baseSeed = (): number => Number(process.env.BANYAN_SEED ?? 1) % 40_000
