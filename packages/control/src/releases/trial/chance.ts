import type { Moment } from './moments.ts'

/**
 * How likely it is that at least `marked` of `drawn` requests are among the `markedAll` of `all`, when
 * chance alone decides which requests were drawn (Fisher's exact test, one-sided). Small: whoever
 * answered the drawn ones is another than who answered the rest.
 *
 * @example
 * chanceOf(14, 290, 14, 2_900) // 5e-15: fourteen failures, all of them in the same tenth
 */
export function chanceOf(marked: number, drawn: number, markedAll: number, all: number): number {
  const spread = spreadOf(drawn, markedAll, all, marked)
  return spread === null ? 0 : Math.min(1, total(spread.parts))
}

/**
 * The same of many moments at once: how likely it is that the new release has at least so many of all
 * failures, when in each moment chance alone decided whom they met. A moment in which everything failed, of
 * either release, or nothing, changes nothing.
 */
export function chanceIn(moments: readonly Moment[]): number {
  let [failed, certain, mean, variance] = [0, 0, 0, 0]
  const telling: [drawn: number, markedAll: number, all: number][] = []
  for (const { old, next } of moments) {
    const [all, markedAll] = [old.sent + next.sent, old.failed + next.failed]
    failed += next.failed
    if (old.sent === 0 || markedAll === all) certain += next.failed
    if (old.sent === 0 || next.sent === 0 || markedAll === 0 || markedAll === all) continue
    const part = (next.sent * markedAll) / all
    mean += part
    variance += (part * (1 - markedAll / all) * old.sent) / (all - 1)
    telling.push([next.sent, markedAll, all])
  }
  const marked = failed - certain
  if (variance > exactVarianceMax) return tailBeyond((marked - 0.5 - mean) / Math.sqrt(variance))
  let spread: Spread = { least: 0, parts: [1] }
  for (const [drawn, markedAll, all] of telling) {
    spread = added(spread, spreadOf(drawn, markedAll, all) as Spread)
  }
  return Math.min(1, total(spread.parts.slice(Math.max(0, marked - spread.least))))
}

/** From here on the bell curve is as good, and takes no time. */
const exactVarianceMax = 400

/** No less than the upper tail of the bell curve, and hardly more where it is small. */
export const tailBeyond = (z: number): number =>
  z <= 0.5 ? 1 : Math.min(1, Math.exp((-z * z) / 2) / (z * Math.sqrt(2 * Math.PI)))

/** How likely each count is, from the least one on. */
type Spread = { readonly least: number; readonly parts: readonly number[] }

const total = (parts: readonly number[]): number => parts.reduce((all, part) => all + part, 0)

/**
 * How many of `drawn` are marked, from `from` on; null where there can be none. It begins where most are, as the
 * ends of a long one are less than the smallest number, and leaves out what is next to nothing.
 */
function spreadOf(drawn: number, markedAll: number, all: number, from = 0): Spread | null {
  const others = all - markedAll
  const least = Math.max(from, drawn - others)
  const most = Math.min(drawn, markedAll)
  if (least > most) return null
  const usual = Math.floor(((drawn + 1) * (markedAll + 1)) / (all + 2))
  const middle = Math.min(most, Math.max(least, usual))
  const term = Math.exp(
    logChoose(markedAll, middle) + logChoose(others, drawn - middle) - logChoose(all, drawn),
  )
  const up: number[] = [term]
  for (let count = middle; count < most; count++) {
    const factor =
      ((markedAll - count) * (drawn - count)) / (count + 1) / (others - drawn + count + 1)
    const next = (up.at(-1) as number) * factor
    if (next < term * nextToNothing) break
    up.push(next)
  }
  const down: number[] = []
  for (let count = middle; count > least; count--) {
    const factor =
      (count * (others - drawn + count)) / (markedAll - count + 1) / (drawn - count + 1)
    const next = (down.at(-1) ?? term) * factor
    if (next < term * nextToNothing) break
    down.push(next)
  }
  return { least: middle - down.length, parts: [...down.reverse(), ...up] }
}

const nextToNothing = 1e-25

/** What two that do not know of each other come to together. */
function added(one: Spread, other: Spread): Spread {
  const parts = new Array<number>(one.parts.length + other.parts.length - 1).fill(0)
  for (const [at, part] of one.parts.entries()) {
    for (const [further, by] of other.parts.entries()) {
      parts[at + further] = (parts[at + further] as number) + part * by
    }
  }
  return trimmed({ least: one.least + other.least, parts })
}

/** Without the ends, which are next to nothing. */
function trimmed({ least, parts }: Spread): Spread {
  const first = parts.findIndex((part) => part > nextToNothing)
  const last = parts.findLastIndex((part) => part > nextToNothing)
  return { least: least + first, parts: parts.slice(first, last + 1) }
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
