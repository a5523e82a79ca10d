/**
 * Why a read that a replica might have answered was the primary's: it was sooner there (see `isSooner`), the
 * primary gave no sample, no replica had what the read must see in time, or the one that had did not answer.
 */
export type Reason = 'sooner' | 'unsampled' | 'behind' | 'refused'

/** What reads may ask for: a snapshot is the primary's. */
export type Level = 'strong' | 'session' | 'eventual' | 'snapshot'

/** Reads that were answered, by what was asked for and by who answered. Grows only. */
export const readsByLevel: Record<Level, { primary: number; replica: number }> = {
  strong: { primary: 0, replica: 0 },
  session: { primary: 0, replica: 0 },
  eventual: { primary: 0, replica: 0 },
  snapshot: { primary: 0, replica: 0 },
}

/** What the reads of this process came to, and what they asked for it. Grows only. */
export const readCounts = {
  /** Questions for a position, to primaries and replicas. */
  questions: 0,
  onReplicas: 0,
  onPrimary: { sooner: 0, unsampled: 0, behind: 0, refused: 0 } satisfies Record<Reason, number>,
}
