/** The middle of some numbers; of an even count, the mean of the two middle ones. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low, high] = [sorted[sorted.length % 2 === 1 ? middle : middle - 1], sorted[middle]]
  if (low === undefined || high === undefined) throw new Error('There is no median of nothing.')
  return (low + high) / 2
}

/** The number that a share of all lie at or below: `percentile(times, 0.99)`. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const found = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  if (found === undefined) throw new Error('There is no percentile of nothing.')
  return found
}

/** Half the distance between the quartiles: how far a median of some rounds is to be trusted. */
export function spread(numbers: readonly number[]): number {
  return (percentile(numbers, 0.75) - percentile(numbers, 0.25)) / 2
}
