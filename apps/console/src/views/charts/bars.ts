export type Bar = {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Bars of values from left to right in a box; what is not known has none, and a zero has a trace of one. */
export const barsOf = (
  values: readonly (number | null)[],
  box: { readonly width: number; readonly height: number },
): readonly (Bar | null)[] => {
  const most = Math.max(0, ...values.map((value) => value ?? 0))
  const each = box.width / Math.max(1, values.length)
  return values.map((value, at) => {
    if (value === null) return null
    const height = Math.max(1, most === 0 ? 1 : (value / most) * box.height)
    return { x: at * each, y: box.height - height, width: Math.max(1, each - 2), height }
  })
}
