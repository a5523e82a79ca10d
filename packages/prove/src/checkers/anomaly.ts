import type { Operation } from '../history/operation.ts'

/**
 * What can be wrong with a history.
 *
 * - `lost`: acknowledged, and not there after the run.
 * - `doubled`: there more often than it was asked for.
 * - `stale`: a read that began after an acknowledgement, or after another read had shown it, and did
 *   not show it.
 * - `phantom`: shown although it was refused, never asked for, or not asked for yet.
 * - `reappeared`: taken out with an acknowledgement, and there after the run.
 * - `torn`: a part of a transfer was done and the rest was not; `fractured`: only a read saw it so.
 * - `overdrawn`: a balance below zero.
 * - `reordered`: no order of the operations explains what was read.
 * - the rest are Adya's phenomena and Elle's names for transactions over lists.
 */
export type AnomalyKind =
  | 'lost'
  | 'doubled'
  | 'stale'
  | 'phantom'
  | 'reappeared'
  | 'torn'
  | 'fractured'
  | 'overdrawn'
  | 'reordered'
  | 'internal'
  | 'incompatible-order'
  | 'G0'
  | 'G1a'
  | 'G1b'
  | 'G1c'
  | 'G-single'
  | 'G-nonadjacent'
  | 'G2-item'
  | 'G0-realtime'
  | 'G1c-realtime'
  | 'G-single-realtime'
  | 'G2-item-realtime'

/** One thing that no correct system could have answered. */
export type Anomaly = {
  readonly kind: AnomalyKind
  readonly key: string
  /** What happened, in one sentence for people. */
  readonly sentence: string
  /** The operations that prove it, as few as explain it. */
  readonly operations: readonly Operation[]
}

/** The judgement of one checker on one history. */
export type Verdict = {
  readonly ok: boolean
  readonly anomalies: readonly Anomaly[]
}

/** A history is right as long as nothing speaks against it. */
export const verdictOf = (anomalies: readonly Anomaly[]): Verdict => ({
  ok: anomalies.length === 0,
  anomalies,
})
