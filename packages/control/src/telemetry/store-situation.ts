/** What is known of the store at one moment; times are milliseconds of a monotonic clock. */
export type StoreFacts = {
  readonly wanted: boolean
  readonly running: boolean
  /** It was started with another file than it is to have now. */
  readonly stale: boolean
  /** Whether it has answered since it was started, or taken over. */
  readonly answered: boolean
  /** How many answers in a row did not come. */
  readonly missed: number
  /** Whether it has not run at all since the first of them. */
  readonly isStill: boolean
  readonly startedAtMs: number
  readonly retryAtMs: number
}

/** What is to be done about the store. */
export type StoreAction = 'rest' | 'start' | 'ask' | 'stop' | 'kill'

/** One that stands still is ended and started again after so many answers that did not come. */
const missedMax = 3
/** One that runs may be slow, as everything is on a busy machine. */
const missedMaxRunning = 20
/** One with much to read back takes its time; one that takes longer hangs. */
export const startTimeoutMs = 60_000

/** Decides what is done about the store. Pure: reads nothing but its arguments. */
export function decideStore(facts: StoreFacts, nowMs: number): StoreAction {
  if (!facts.wanted) return facts.running ? 'stop' : 'rest'
  if (!facts.running) return nowMs < facts.retryAtMs ? 'rest' : 'start'
  if (facts.stale) return 'stop'
  const most = facts.isStill ? missedMax : missedMaxRunning
  if (facts.answered && facts.missed >= most) return 'kill'
  if (!facts.answered && nowMs - facts.startedAtMs > startTimeoutMs) return 'kill'
  return 'ask'
}
