import type { Anomaly, AnomalyKind } from './anomaly.ts'

/** How many anomalies of each sort there are, as a report counts them. All must be 0. */
export type Tally = {
  readonly lost: number
  readonly doubled: number
  readonly staleReads: number
  readonly phantom: number
  /** No order of the transactions explains what they read, though nothing is missing. */
  readonly disordered: number
}

/** A transfer that was half done has lost its other half; so has a removal that came back. */
const sorts: Record<AnomalyKind, keyof Tally> = {
  lost: 'lost',
  torn: 'lost',
  reappeared: 'lost',
  doubled: 'doubled',
  stale: 'staleReads',
  fractured: 'staleReads',
  phantom: 'phantom',
  G1a: 'phantom',
  overdrawn: 'disordered',
  reordered: 'disordered',
  internal: 'disordered',
  'incompatible-order': 'disordered',
  G0: 'disordered',
  G1b: 'disordered',
  G1c: 'disordered',
  'G-single': 'disordered',
  'G-nonadjacent': 'disordered',
  'G2-item': 'disordered',
  'G0-realtime': 'disordered',
  'G1c-realtime': 'disordered',
  'G-single-realtime': 'disordered',
  'G2-item-realtime': 'disordered',
}

/**
 * Counts anomalies by what a report says of them.
 *
 * @example
 * tally(checkRegister(history).anomalies) // { lost: 0, doubled: 0, staleReads: 1, … }
 */
export function tally(anomalies: readonly Anomaly[]): Tally {
  const counts = { lost: 0, doubled: 0, staleReads: 0, phantom: 0, disordered: 0 }
  for (const { kind } of anomalies) counts[sorts[kind]] += 1
  return counts
}
