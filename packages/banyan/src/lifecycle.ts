/** What must happen before this process ends, in an order that leaves no request without its pools. */

export type StopHook = () => Promise<void> | void

const hooks = new Set<StopHook>()

/**
 * Registers what `serve` runs once the last request has been answered. Gives back a function that
 * takes the hook out again.
 *
 * @example
 * const forget = onStop(() => pool.end())
 */
export function onStop(hook: StopHook): () => void {
  hooks.add(hook)
  return () => {
    hooks.delete(hook)
  }
}

/**
 * Runs every hook, the last registered first, each once. All of them run even when one fails; the
 * failures come back for the log.
 */
export async function runStopHooks(): Promise<unknown[]> {
  const failures: unknown[] = []
  for (const hook of [...hooks].reverse()) {
    hooks.delete(hook)
    try {
      await hook()
    } catch (error) {
      failures.push(error)
    }
  }
  return failures
}
