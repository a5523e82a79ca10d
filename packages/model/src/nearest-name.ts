/**
 * The known name that somebody most probably meant, or null when none is near.
 * Near means: at most a third of the letters differ, counting two swapped neighbours as one change.
 */
export const nearestName = (name: string, known: readonly string[]): string | null => {
  let best: string | null = null
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance && distance <= farthest(name, candidate)) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

const farthest = (a: string, b: string): number =>
  Math.max(1, Math.floor(Math.max(a.length, b.length) / 3))

/** Optimal string alignment: insertions, deletions, substitutions, swaps of neighbours. */
const editDistance = (a: string, b: string): number => {
  // A name of a thousand letters is near to nothing; the table would only cost time.
  if (Math.abs(a.length - b.length) > 20) return Number.POSITIVE_INFINITY
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0
  for (let i = 1; i <= a.length; i++) {
    rows.push([i])
    for (let j = 1; j <= b.length; j++) {
      const substitution = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = swapped ? at(i - 2, j - 2) + 1 : substitution
      rows[i]?.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, substitution, swap))
    }
  }
  return at(a.length, b.length)
}
