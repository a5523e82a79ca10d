import type { Invocation } from '../history/operation.ts'

/** What an operation does to a state; `null`: it cannot have been answered so in that state. */
export type Apply<T, S> = (state: S, operation: T) => S | null

/**
 * Whether some order of the operations explains them, the slow and plain way: takes any operation that
 * no other remaining one precedes, and tries. What was refused never happened, and what was not
 * answered may have, or not. With `inRealTime` an operation precedes those that began after its end.
 */
export function tryAllOrders<T extends Invocation, S>(
  history: readonly T[],
  state: S,
  apply: Apply<T, S>,
  inRealTime = true,
): boolean {
  const required = history.filter(({ outcome }) => outcome === 'ok')
  if (required.length === 0) return true
  const firstEndMs = inRealTime
    ? Math.min(...required.map(({ completedMs }) => completedMs ?? 0))
    : Number.POSITIVE_INFINITY
  return history.some((operation) => {
    if (operation.outcome === 'fail' || operation.invokedMs > firstEndMs) return false
    const next = apply(state, operation)
    if (next === null) return false
    const rest = history.filter((other) => other !== operation)
    return tryAllOrders(rest, next, apply, inRealTime)
  })
}
