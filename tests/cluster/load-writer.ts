import type pg from 'pg'

export type Writer = {
  /** Stops it, and tells how long the longest statement took and how many there were. */
  stop(): Promise<{ readonly longestMs: number; readonly statements: number }>
  /** Forgets what was measured so far. */
  reset(): void
}

/** Reads and writes rows of `t` as fast as it can, as the app; an error of any statement is the test's. */
export function startWriter(client: pg.Client, rows: number): Writer {
  const seen = { longestMs: 0, statements: 0 }
  let isStopped = false
  const run = async () => {
    for (let n = 1; !isStopped; n += 1) {
      const began = performance.now()
      await client.query('update t set n = n + 1 where id = $1', [1 + ((n * 7_919) % rows)])
      await client.query('select body from t where id = $1', [1 + ((n * 104_729) % rows)])
      seen.longestMs = Math.max(seen.longestMs, performance.now() - began)
      seen.statements += 2
    }
  }
  const running = run()
  // Whoever stops it hears of its error.
  running.catch(() => {})
  return {
    stop: async () => {
      isStopped = true
      await running
      return seen
    },
    reset: () => Object.assign(seen, { longestMs: 0, statements: 0 }),
  }
}
