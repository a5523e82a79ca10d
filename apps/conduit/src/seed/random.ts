import { createHash } from 'node:crypto'

/** Numbers that look random and are the same for the same seed, on every machine. */
export type Random = {
  /** From 0 to below 1. */
  fraction(): number
  /** A whole number from 0 to below `below`. */
  below(below: number): number
  bytes(count: number): Uint8Array
}

/** A stream of numbers of its own for each name, so that more of one thing does not change another. */
export function randomFrom(seed: number, name: string): Random {
  const digest = createHash('sha256').update(`${seed}/${name}`).digest()
  const next = sfc32(digest)
  const fraction = () => next() / 2 ** 32
  return {
    fraction,
    below: (below) => Math.floor(fraction() * below),
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
  }
}

/** Chris Doty-Humphrey's "small fast counting" generator: 128 bits of state, whole numbers of 32 bits. */
function sfc32(digest: Buffer): () => number {
  let [a = 0, b = 0, c = 0, counter = 0] = [0, 4, 8, 12].map((at) => digest.readInt32LE(at))
  return () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
}

/**
 * Draws from 0 to below `count` so that few are drawn often and most hardly ever (Zipf's law): the
 * chance of number n is proportional to 1 / (n + 1) ** exponent.
 */
export function zipf(count: number, exponent: number): (random: Random) => number {
  const reached = new Float64Array(count)
  let total = 0
  for (let rank = 0; rank < count; rank++) {
    total += 1 / (rank + 1) ** exponent
    reached[rank] = total
  }
  return (random) => lowestReaching(reached, random.fraction() * total)
}

function lowestReaching(reached: Float64Array, wanted: number): number {
  let low = 0
  let high = reached.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((reached[middle] as number) > wanted) high = middle
    else low = middle + 1
  }
  return low
}

/** A whole number of at least 0 whose mean is `mean`, mostly small and now and then large. */
export const geometric = (random: Random, mean: number): number =>
  mean <= 0 ? 0 : Math.floor(Math.log(1 - random.fraction()) / Math.log(mean / (mean + 1)))
