/** Figures as whoever releases reads them. */
export const say = (count: number): string => count.toLocaleString('en-US')

export const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

export const sayShort = (part: number, whole: number): string => `${say(part)} of ${say(whole)}`

/** "14 of 290 requests (4.8%)". */
export function sayShare(part: number, whole: number): string {
  const percent = 100 * share(part, whole)
  return `${sayShort(part, whole)} requests (${percent >= 10 ? Math.round(percent) : percent.toFixed(1)}%)`
}

export const sayMs = (ms: number): string =>
  ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`
