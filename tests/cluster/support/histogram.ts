/** What was measured several times, as a person reads it: each bar is one more time. */
export function sayHistogram(valuesMs: readonly number[], widthMs = 100): string {
  if (valuesMs.length === 0) return 'nothing was measured'
  const sorted = [...valuesMs].sort((a, b) => a - b)
  const bucketOf = (value: number) => Math.floor(value / widthMs)
  const last = bucketOf(sorted.at(-1) ?? 0)
  const lines: string[] = []
  for (let bucket = 0; bucket <= last; bucket += 1) {
    const count = sorted.filter((value) => bucketOf(value) === bucket).length
    if (count > 0) lines.push(`${String(bucket * widthMs).padStart(6)} ms ${'#'.repeat(count)}`)
  }
  const { medianMs, worstMs } = summaryOf(sorted)
  return `${sorted.length} times: median ${medianMs} ms, worst ${worstMs} ms\n${lines.join('\n')}`
}

export function summaryOf(valuesMs: readonly number[]) {
  const sorted = [...valuesMs].sort((a, b) => a - b)
  const at = (part: number) => Math.round(sorted[Math.ceil(part * sorted.length) - 1] ?? 0)
  return { times: sorted.length, medianMs: at(0.5), worstMs: at(1) }
}
