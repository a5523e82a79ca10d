let kept = false

/** From now on this process keeps sessions, in the requests that it serves. */
export function keepSessions(): void {
  kept = true
}

/** Whether a statement may belong to a caller who carries a session. */
export const areSessionsKept = (): boolean => kept
