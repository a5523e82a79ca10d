const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/**
 * A duration as PromQL writes it.
 *
 * @example durationOf(21_600_000) // '6h'
 */
export function durationOf(ms: number): string {
  const whole = Math.max(1, Math.round(ms))
  const [unit, length] = units.find(([, one]) => whole % one === 0) ?? ['ms', 1]
  return `${whole / length}${unit}`
}
