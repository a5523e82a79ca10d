/** The marks of an axis of milliseconds: round numbers, and no more than fit. */
export const ticksOf = (durationMs: number, most: number): number[] => {
  if (!(durationMs > 0)) return [0]
  const rough = durationMs / Math.max(1, most)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const count = Math.floor(durationMs / step + 1e-9)
  return Array.from({ length: count + 1 }, (_, i) => i * step)
}
