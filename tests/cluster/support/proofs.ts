import assert from 'node:assert/strict'
import { type ClimbSystem, type Proof, proveDuring } from './climbs.ts'

/** The app's own scenario, and histories of registers, sets, banks and transactions over lists. */
export type Proofs = { readonly app: Proof; readonly histories: Proof }

/** Both loads while the work is done, which begins once both have. */
export async function proveHistories(
  system: ClimbSystem,
  { rate, seed }: { readonly rate: number; readonly seed: number },
  work: () => Promise<void>,
): Promise<Proofs> {
  const wordsAt = (each: number) => ['--seed', String(seed), '--rate', String(each)]
  const builtIn = [...wordsAt(Math.ceil(rate / 2)), '--scenario', 'built-in']
  let app: Proof | null = null
  const histories = await proveDuring(system, builtIn, async () => {
    app = await proveDuring(system, wordsAt(rate), work)
  })
  if (app === null) throw new Error('the app was not proven')
  return { app, histories }
}

/** Requests may have failed; no acknowledged fact may be gone, twice, hidden or torn. */
export function assertNoAnomaly({ app, histories }: Proofs): void {
  for (const proof of [app, histories]) {
    const { lost, doubled, staleReads, phantom, otherAnomalies, unverified } = proof
    assert.deepEqual(
      { lost, doubled, staleReads, phantom, otherAnomalies, unverified },
      { lost: 0, doubled: 0, staleReads: 0, phantom: 0, otherAnomalies: 0, unverified: 0 },
      JSON.stringify(proof, null, 1),
    )
    assert.ok(proof.acknowledgedWrites > 0, 'nothing was acknowledged')
  }
}

/** What a reader of the log wants to know of it. */
export function sayProofs({ app, histories }: Proofs): string {
  return JSON.stringify(
    [app, histories].map(({ scenario, sent, failed, unknownOutcome, ...proof }) => ({
      ...{ scenario, sent, failed, unknownOutcome },
      ...{ acknowledged: proof.acknowledgedWrites, longestGapMs: proof.longestGapMs },
    })),
  )
}
