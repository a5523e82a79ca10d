// Trials without processes, for the tests of the judge: seeded, and thousands of them in a second. Not a test.
import { type AnswerCounts, countAnswer, emptyCounts } from '@banyan/model'
import { type Decision, decide } from './decide.ts'
import { type Looks, Tape } from './tape.ts'
import { elapsedBy, watchedOn } from './watched.ts'

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
  /** The part that goes to the new release; the kernel may change its mind. */
  readonly share: number | ((atMs: number) => number)
  /** How many requests the one before had answered when the trial began. Absent: none. */
  readonly before?: number
  /** How control comes to look. Absent: twice a second, and everybody answers. */
  readonly looking?: Looking
}

export type Looking = {
  /** How long it takes to the next look. */
  gapMs(random: Random): number
  /** How often one of the two gives no answer. */
  readonly unheard: number
}

const calmly: Looking = { gapMs: () => 500, unheard: 0 }
/** Everything takes its time, and now and then nothing goes on for seconds. */
export const slowly: Looking = {
  gapMs: (random) => (random() < 0.05 ? 3_000 : 300 + 900 * random()),
  unheard: 0.2,
}

/** One whole trial, as the handler does it. */
export function simulateTrial(trial: Trial, random: Random): Decision & { elapsedMs: number } {
  const counts = { old: emptyCounts(), next: emptyCounts() }
  const tapes = { old: new Tape(), next: new Tape() }
  for (let n = trial.before ?? 0; n > 0; n--) {
    const { ms, failed } = trial.old(random, 0)
    countAnswer(counts.old, ms, failed)
  }
  const { gapMs, unheard } = trial.looking ?? calmly
  let [elapsedMs, atMs] = [0, 0]
  for (;;) {
    for (const which of ['old', 'next'] as const) {
      const isHeard = random() >= unheard
      tapes[which].note(elapsedMs, isHeard ? lookAt(counts[which]) : new Map())
    }
    const decision = decide(watchedOn(tapes.old, tapes.next, elapsedMs))
    if (decision.end !== 'not-yet') return { ...decision, elapsedMs }
    const gap = gapMs(random)
    const share = typeof trial.share === 'number' ? trial.share : trial.share(atMs)
    for (let n = roundedBy(random, (trial.rate * gap) / 1_000); n > 0; n--) {
      const which = random() < share ? 'next' : 'old'
      const { ms, failed } = trial[which](random, atMs + random() * gap)
      countAnswer(counts[which], ms, failed)
    }
    atMs += gap
    elapsedMs = elapsedBy(elapsedMs, gap)
  }
}

const roundedBy = (random: Random, count: number): number => Math.floor(count + random())

function lookAt({ sent, failed, latency }: AnswerCounts): Looks {
  return new Map([
    ['gateway-1', { answers: { sent, failed, latency: latency.slice() }, inFlight: 0 }],
  ])
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
