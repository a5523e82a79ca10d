import type { Balance } from '@banyan/model'

/** What choosing needs to know of a server. */
export type Choosable = {
  /** Whether it may be sent a request at all. */
  readonly usable: boolean
  /** What it has under way. */
  readonly load: number
  /** Its part of the requests now; it grows while it starts slowly. */
  weightAt(now: number): number
  /** What it is owed, in weights; kept from one choice to the next. */
  credit: number
}

/**
 * Chooses a server, past those that were tried; null when there is none.
 *
 * In turn: each choice gives every server its weight as credit, and the one that has most is chosen and
 * pays what all were given. So shares are exact over any whole turn, and a heavy server's requests lie
 * between those of the others. Least connections: the same, among those with the least to do for their
 * weight, so that weights hold on a quiet day too, when nobody has anything to do.
 */
export function choose<T extends Choosable>(
  servers: readonly T[],
  balance: Balance,
  tried: ReadonlySet<T> | null,
  now: number,
): T | null {
  const most = balance === 'least-connections' ? leastLoad(servers, tried, now) : null
  let found: T | null = null
  let given = 0
  for (const server of servers) {
    if (!server.usable || tried?.has(server) === true) continue
    const weight = server.weightAt(now)
    if (weight <= 0 || (most !== null && server.load / weight > most)) continue
    server.credit += weight
    given += weight
    if (found === null || server.credit > found.credit) found = server
  }
  if (found !== null) found.credit -= given
  return found
}

function leastLoad<T extends Choosable>(
  servers: readonly T[],
  tried: ReadonlySet<T> | null,
  now: number,
): number {
  let least = Number.POSITIVE_INFINITY
  for (const server of servers) {
    if (!server.usable || tried?.has(server) === true) continue
    const weight = server.weightAt(now)
    if (weight > 0) least = Math.min(least, server.load / weight)
  }
  return least
}
