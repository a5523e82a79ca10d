import { setTimeout as sleep } from 'node:timers/promises'

/** What an open-loop load did. Times are milliseconds since the load began. */
export type LoadReport<Ack> = {
  readonly sent: number
  /** What each acknowledged request returned, with the moment of its answer. */
  readonly acknowledged: readonly { readonly value: Ack; readonly atMs: number }[]
  readonly failed: readonly { readonly error: unknown; readonly atMs: number }[]
  /** The longest time without any acknowledgement, the beginning and the end included. */
  readonly longestGapMs: number
}

export type Load<Ack> = {
  /** Acknowledgements so far. */
  acknowledged(): number
  /** Ends the load, waits for what is in flight, and reports. */
  stop(): Promise<LoadReport<Ack>>
}

export type LoadOptions<Ack> = {
  /** Requests a second. They start at fixed times, whether or not earlier ones have answered. */
  readonly rate: number
  /** Sends request `n` (from 0) and returns what it acknowledges; a rejection is a failure. */
  readonly send: (n: number) => Promise<Ack>
}

/**
 * Sends requests at a fixed rate until it is stopped, and remembers every answer. For tests that
 * kill something under load and then ask whether every acknowledged write is there.
 *
 * @example
 * const load = startLoad({ rate: 200, send: async (n) => { await insert(n); return n } })
 * await server.kill('SIGKILL')
 * const { acknowledged } = await load.stop()
 */
export function startLoad<Ack>(options: LoadOptions<Ack>): Load<Ack> {
  const began = performance.now()
  const elapsed = () => performance.now() - began
  const acknowledged: { value: Ack; atMs: number }[] = []
  const failed: { error: unknown; atMs: number }[] = []
  const inFlight = new Set<Promise<void>>()
  const stopped = new AbortController()
  let sent = 0

  const launch = (n: number) => {
    const request = options.send(n).then(
      (value) => void acknowledged.push({ value, atMs: elapsed() }),
      (error) => void failed.push({ error, atMs: elapsed() }),
    )
    inFlight.add(request)
    void request.finally(() => inFlight.delete(request))
  }

  const pace = async () => {
    while (!stopped.signal.aborted) {
      // What a late timer missed is sent at once, so that the rate holds over time.
      for (const due = (elapsed() * options.rate) / 1000; sent < due; sent += 1) launch(sent)
      await sleep(1000 / options.rate, null, { signal: stopped.signal }).catch(() => {})
    }
  }
  const pacing = pace()

  return {
    acknowledged: () => acknowledged.length,
    stop: async () => {
      stopped.abort()
      await pacing
      await Promise.all(inFlight)
      const atMs = acknowledged.map((one) => one.atMs)
      return { sent, acknowledged, failed, longestGapMs: longestGap([0, ...atMs, elapsed()]) }
    },
  }
}

function longestGap(timesMs: readonly number[]): number {
  let longest = 0
  timesMs.forEach((time, index) => {
    longest = Math.max(longest, time - (timesMs[index - 1] ?? time))
  })
  return longest
}
