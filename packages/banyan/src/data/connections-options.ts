import pg from 'pg'
import type { ConnectionsOptions, Place } from '../pool/connections-options.ts'
import type { ClientClass } from '../pool/open-client.ts'
import type { Patience } from './shard.ts'

/** The options of a pool of the data runtime, also of one that leads to a single member for good. */
export function connectionsOptions(
  connectionsMax: number,
  { hold, busyTimeoutMs }: Patience,
  place: Place | null,
): ConnectionsOptions {
  return {
    Client: pg.Client as unknown as ClientClass,
    place,
    // Half for readers, half for writers: what one could borrow from the other it would have to give
    // back under load, and a connection that is opened anew starts with cold caches.
    max: Math.max(1, Math.floor(connectionsMax / 2)),
    min: 0,
    idleTimeoutMs: 10_000,
    usesMax: Number.POSITIVE_INFINITY,
    lifetimeMs: 0,
    allowExitOnIdle: false,
    attemptTimeoutMs: hold.timeMs / 2,
    waitTimeoutMs: 0,
    hold,
    busyTimeoutMs,
    observer: {},
    onConnect: null,
    verify: null,
  }
}
