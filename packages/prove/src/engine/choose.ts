/**
 * Makes the choice among weights: gives the index whose share of the whole contains the point, which is
 * a number from 0 to below 1.
 */
export function chooserOf(weights: readonly number[]): (point: number) => number {
  let total = 0
  const bounds = weights.map((weight) => {
    total += weight
    return total
  })
  return (point) => {
    const aim = point * total
    const index = bounds.findIndex((bound) => aim < bound)
    return index === -1 ? bounds.length - 1 : index
  }
}
