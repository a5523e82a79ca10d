/**
 * How long a migration may keep others waiting, and how long it waits itself.
 *
 * A statement that waits for a strong lock makes everybody wait who comes after it for the same table.
 * So it waits for moments only, gives up its place, and comes back when whoever held the lock is gone.
 */
export type Patience = {
  /** How long a statement queues for a lock, and the app's statements behind it. */
  readonly lockTimeoutMs: number
  /** How long one migration tries. */
  readonly totalMs: number
  /** How long a session of the app may wait for a lock that a migration holds. */
  readonly heldUpMs: number
  /** How often a migration that held the app up is tried again: a slow disk may have been the cause. */
  readonly heldUpAttempts: number
}

export const patienceByDefault: Patience = {
  lockTimeoutMs: 50,
  totalMs: 120_000,
  heldUpMs: 1_000,
  heldUpAttempts: 1,
}
