import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

/** Writes again and again, so that it is seen for how long nobody could. */
export type WriteProbe = {
  /** The longest time without an acknowledged write since then; waits for the first one after now. */
  longestGapMs(since: number): Promise<number>
  stop(): Promise<void>
}

/** Several at once: one that waits for a lost answer hides nothing. */
const writers = 4
const pauseMs = 5
const answerTimeoutMs = 10_000

/** Writes notes of the app of releases, each writer one after another. Times are those of `performance.now()`. */
export function startWriteProbe(url: string): WriteProbe {
  const acknowledged: number[] = [performance.now()]
  const stopping = new AbortController()
  const run = async (): Promise<void> => {
    const user = `probe-${randomUUID()}`
    while (!stopping.signal.aborted) {
      if (await write(url, user, stopping.signal)) acknowledged.push(performance.now())
      await sleep(pauseMs)
    }
  }
  const running = Array.from({ length: writers }, run)
  return {
    longestGapMs: async (since) => {
      const asked = performance.now()
      while ((acknowledged.at(-1) ?? 0) <= asked) await sleep(10)
      return longestGapIn(acknowledged, since)
    },
    stop: async () => {
      stopping.abort()
      await Promise.all(running)
    },
  }
}

async function write(url: string, user: string, signal: AbortSignal): Promise<boolean> {
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)])
  const request = { method: 'PUT', body: JSON.stringify({ text: randomUUID() }), signal: timeout }
  try {
    const response = await fetch(`${url}/notes/${user}`, request)
    await response.text()
    return response.ok
  } catch {
    return false
  }
}

/** The longest time between two neighbours of which the later one lies after `since`. */
export function longestGapIn(times: readonly number[], since: number): number {
  const sorted = [...times].sort((a, b) => a - b)
  // Half an hour of writes is more than a call may have arguments.
  return sorted.reduce((longest, time, at) => {
    const before = sorted[at - 1]
    return time > since && before !== undefined ? Math.max(longest, time - before) : longest
  }, 0)
}
