/** How the page stands with control, decided by what is seen of the stream and when; without a clock of its own. */

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** Nothing on the page is newer than `since`. */
  | { readonly state: 'lost'; readonly since: number }
  /** It answers again, and what was missed is not here yet. */
  | { readonly state: 'catching up'; readonly since: number }
  /** The cookie is not taken any more: only a new address helps. */
  | { readonly state: 'signed out'; readonly since: number }

export type Seen = 'open' | 'message' | 'broken' | 'refused' | 'tick'

/** Control says something every second; after as long as this without a word, nobody knows how things are. */
export const silenceMs = 4_000

/**
 * How the page stands after what was just seen. `heardAt` is when the last message came, 0 for never.
 *
 * @example after({ state: 'live' }, 'broken', 1_000, 900) // { state: 'lost', since: 900 }
 */
export function after(
  connection: Connection,
  seen: Seen,
  now: number,
  heardAt: number,
): Connection {
  const since = 'since' in connection ? connection.since : heardAt === 0 ? now : heardAt
  switch (seen) {
    case 'message':
      return connection.state === 'live' ? connection : { state: 'live' }
    case 'open':
      return connection.state === 'lost' || connection.state === 'signed out'
        ? { state: 'catching up', since }
        : connection
    case 'refused':
      return connection.state === 'signed out' ? connection : { state: 'signed out', since }
    case 'broken':
      return isAway(connection) ? connection : { state: 'lost', since }
    case 'tick':
      if (connection.state === 'live' && now - heardAt > silenceMs) return { state: 'lost', since }
      return connection
  }
}

const isAway = ({ state }: Connection): boolean => state === 'lost' || state === 'signed out'
