import { setTimeout as sleep } from 'node:timers/promises'

/** What a question is answered with in time; null for anything else. Nobody hears of what comes later. */
export async function within<Answer>(
  asked: Promise<Answer | null>,
  timeoutMs: number,
): Promise<Answer | null> {
  const over = new AbortController()
  const late = sleep(timeoutMs, null, { signal: over.signal, ref: false }).catch(() => null)
  try {
    return await Promise.race([asked.catch(() => null), late])
  } finally {
    over.abort()
  }
}
