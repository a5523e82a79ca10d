import type { MainAction } from './action.ts'
import type { InForce } from './view.ts'

/** @example listOf(['db-3', 'db-4']) // 'db-3 and db-4' */
export function listOf(names: readonly string[]): string {
  if (names.length === 0) return 'nobody'
  if (names.length === 1) return names[0] ?? ''
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

export function sayConfirming(inForce: InForce | null): string {
  if (inForce === null || inForce.confirming.kind === 'nobody')
    return '; each commit is on its disk only'
  const { quorum, names } = inForce.confirming
  if (names.length < quorum) return '; commits are held, since too few replicas can confirm them'
  return `; each commit is on the disk of ${quorum} of ${listOf(names)} too`
}

export const rest = (sentence: string): MainAction => ({ kind: 'rest', sentence })
export const wait = (sentence: string): MainAction => ({ kind: 'wait', sentence })
