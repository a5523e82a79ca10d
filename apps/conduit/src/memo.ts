/** A number that is dear to count: counted once for all who ask at the same time, and kept a moment. */
export type Memo<T> = {
  get(): Promise<T>
  /** Changes the kept value, if there is one, by what this process has just done itself. */
  adjust(change: (value: T) => T): void
}

/** Keeps what `load` found for `maxAgeMs` from when it began; a failure is not kept. */
export function createMemo<T>(
  load: () => Promise<T>,
  maxAgeMs: number,
  now: () => number = () => performance.now(),
): Memo<T> {
  let kept: { value: T; at: number } | null = null
  let loading: Promise<T> | null = null
  const reload = async () => {
    const at = now()
    try {
      const value = await load()
      kept = { value, at }
      return value
    } finally {
      loading = null
    }
  }
  return {
    async get() {
      if (kept && now() - kept.at <= maxAgeMs) return kept.value
      loading ??= reload()
      return loading
    },
    adjust(change) {
      if (kept) kept = { value: change(kept.value), at: kept.at }
    },
  }
}

/**
 * Runs one `load` at a time and shares its outcome among those who came before it began: everybody
 * gets what was true after they asked, and a crowd costs as much as two.
 */
export function shareNext<T>(load: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | null = null
  let next: Promise<T> | null = null
  const begin = (): Promise<T> => {
    next = null
    const run = load()
    running = run
    const done = () => {
      if (running === run) running = null
    }
    run.then(done, done)
    return run
  }
  return () => {
    if (next) return next
    if (!running) return begin()
    next = running.then(begin, begin)
    return next
  }
}
