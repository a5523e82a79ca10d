/** A histogram's bucket: how many were at most `le`. */
export type Bucket = { readonly le: number; readonly count: number }

/**
 * The value below which the part `q` of all observations lies, as Prometheus' `histogram_quantile` says it:
 * linear within a bucket, from 0 in the lowest, and the highest bound for whatever is beyond it.
 * Null where there were no observations, or no bucket without end.
 *
 * @example
 * quantile(0.5, [{ le: 0.1, count: 0 }, { le: 0.2, count: 10 }, { le: Infinity, count: 10 }]) // 0.15
 */
export function quantile(q: number, buckets: readonly Bucket[]): number | null {
  const sorted = ascending(buckets)
  const all = sorted.at(-1)
  if (sorted.length < 2 || all?.le !== Number.POSITIVE_INFINITY || !(all.count > 0)) return null
  const rank = q * all.count
  const at = sorted.slice(0, -1).findIndex(({ count }) => count >= rank)
  if (at < 0) return (sorted.at(-2) as Bucket).le
  const { le, count } = sorted[at] as Bucket
  if (at === 0 && le <= 0) return le
  const below = sorted[at - 1] ?? { le: 0, count: 0 }
  const inside = count - below.count
  return inside === 0 ? below.le : below.le + (le - below.le) * ((rank - below.count) / inside)
}

/** Buckets that were read while they changed may fall a little; each has at least what is below it. */
function ascending(buckets: readonly Bucket[]): Bucket[] {
  const sorted = buckets.toSorted((a, b) => a.le - b.le)
  let most = 0
  return sorted.map(({ le, count }) => {
    most = Math.max(most, count)
    return { le, count: most }
  })
}
