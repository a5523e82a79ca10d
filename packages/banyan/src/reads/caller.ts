import { requestContext } from '../log.ts'
import type { CallerSession } from '../session/caller-session.ts'
import type { Mark } from './position.ts'

/** The session of the request that the running code belongs to; undefined: none is kept. */
export const currentSession = (): CallerSession | undefined => requestContext.getStore()?.session

/**
 * What whoever asks has written on a shard; null: nothing. Undefined where nobody can know, outside of
 * requests, where `serve` keeps no sessions, and where a token could not be read: then everything that was
 * acknowledged to anybody is what is sure to contain it.
 */
export function callerMark(shard: string): Mark | null | undefined {
  const session = currentSession()
  if (session === undefined || !session.isReadable) return undefined
  return session.markOf(shard)
}
