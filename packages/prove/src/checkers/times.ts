import type { Invocation } from '../history/operation.ts'

/** When an operation surely had its effect. One that may still have it is never over. */
export const completionOf = ({ outcome, completedMs, invokedMs }: Invocation): number =>
  outcome === 'info' ? Number.POSITIVE_INFINITY : Math.max(completedMs ?? invokedMs, invokedMs)

/** Whether one operation was over before the other began: what both clients could know. */
export const isBefore = (a: Invocation, b: Invocation): boolean => completionOf(a) < b.invokedMs
