// Trials without processes, for the tests of the judge: seeded, and thousands of them in a second. Not a test.
import { countAnswer, emptyCounts } from '@banyan/model'
import { type Decision, decide } from './decide.ts'
import { Tape } from './tape.ts'
import { watchedOn } from './watched.ts'

export type Random = () => number

/** How a release answers one request that comes at a moment of the trial. */
export type Manner = (
  random: Random,
  atMs: number,
) => { readonly ms: number; readonly failed: boolean }

export type Trial = {
  readonly old: Manner
  readonly next: Manner
  /** Requests a second, of both together. */
  readonly rate: number
  /** The part that goes to the new release. */
  readonly share: number
  /** How many requests the one before had answered when the trial began. Absent: none. */
  readonly before?: number
}

const lookEveryMs = 500

/** One whole trial, as the handler does it. */
export function simulateTrial(trial: Trial, random: Random): Decision & { elapsedMs: number } {
  const counts = { old: emptyCounts(), next: emptyCounts() }
  const tapes = { old: new Tape(), next: new Tape() }
  for (let n = trial.before ?? 0; n > 0; n--) {
    const { ms, failed } = trial.old(random, 0)
    countAnswer(counts.old, ms, failed)
  }
  for (let atMs = 0; ; atMs += lookEveryMs) {
    for (const which of ['old', 'next'] as const) {
      const { sent, failed, latency } = counts[which]
      const answers = { sent, failed, latency: latency.slice() }
      tapes[which].note(atMs, new Map([['gateway-1', { answers, inFlight: 0 }]]))
    }
    const decision = decide(watchedOn(tapes.old, tapes.next, atMs))
    if (decision.end !== 'not-yet') return { ...decision, elapsedMs: atMs }
    for (let n = (trial.rate * lookEveryMs) / 1_000; n > 0; n--) {
      const which = random() < trial.share ? 'next' : 'old'
      const { ms, failed } = trial[which](random, atMs + random() * lookEveryMs)
      countAnswer(counts[which], ms, failed)
    }
  }
}

/** Mulberry32: small, seeded, and good enough for this. */
export function seeded(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** Most answers near the median, some several times as long. */
export const usual = (random: Random, medianMs = 6, spread = 0.6): number =>
  medianMs * Math.exp(spread * normal(random))

/** A tail without end: the mean is hardly there. */
export const heavy = (random: Random): number => 3 * (1 - random()) ** (-1 / 1.1)
