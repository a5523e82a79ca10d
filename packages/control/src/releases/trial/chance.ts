/**
 * How likely it is that at least `marked` of `drawn` requests are among the `markedAll` of `all`, when
 * chance alone decides which requests were drawn (Fisher's exact test, one-sided). Small: whoever
 * answered the drawn ones is another than who answered the rest.
 *
 * @example
 * chanceOf(14, 290, 14, 2_900) // 5e-15: fourteen failures, all of them in the same tenth
 */
export function chanceOf(marked: number, drawn: number, markedAll: number, all: number): number {
  const others = all - markedAll
  const least = Math.max(marked, drawn - others)
  const most = Math.min(drawn, markedAll)
  if (least > most) return 0
  let term = Math.exp(
    logChoose(markedAll, least) + logChoose(others, drawn - least) - logChoose(all, drawn),
  )
  let chance = 0
  for (let count = least; count <= most; count++) {
    chance += term
    if (term < chance * 1e-12) break
    const left = markedAll - count
    term *= (left / (count + 1)) * ((drawn - count) / (others - drawn + count + 1))
  }
  return Math.min(1, chance)
}

function logChoose(from: number, count: number): number {
  return logFactorial(from) - logFactorial(count) - logFactorial(from - count)
}

const exactUpTo = 32
const exact: number[] = [0]
for (let n = 1; n <= exactUpTo; n++) exact.push((exact[n - 1] as number) + Math.log(n))

/** Stirling's series, which is right to twelve digits from 32 on. */
function logFactorial(n: number): number {
  if (n <= exactUpTo) return exact[n] as number
  const correction = 1 / (12 * n) - 1 / (360 * n ** 3)
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + correction
}
