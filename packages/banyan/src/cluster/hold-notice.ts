/** What control announces before a switchover: lend nothing of a primary for this long. */
export type HoldNotice = {
  readonly shard: string
  readonly holdMs: number
  /** Who takes the writes soon, where that is what is announced. */
  readonly heir: string | null
}

/** Longer than any switchover: whoever asks for more has lost its mind. */
const holdMsMax = 30_000

/** Reads a notification; null for one that cannot be understood, which holds nothing up. */
export function parseHold(payload: string): HoldNotice | null {
  let said: unknown
  try {
    said = JSON.parse(payload)
  } catch {
    return null
  }
  const { shard, holdMs, heir } = (said ?? {}) as Partial<HoldNotice>
  if (typeof shard !== 'string' || typeof holdMs !== 'number' || !(holdMs >= 0)) return null
  const isNamed = typeof heir === 'string'
  return { shard, holdMs: Math.min(holdMs, holdMsMax), heir: isNamed ? heir : null }
}
