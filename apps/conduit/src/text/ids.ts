import { randomInt } from 'node:crypto'
import { v7 } from 'uuid'

/** A new id for a user or an article. Later ones of one process sort after earlier ones. */
export const newId = (): string => v7()

const commentEpochMs = Date.UTC(2020, 0, 1)
const idsPerMs = 4096

/**
 * A new id for a comment: a whole number that JavaScript holds exactly (until the year 2089), the
 * milliseconds since 2020 and 12 random bits. Two comments on one article in one millisecond may
 * collide; the primary key says so and the caller draws again.
 */
export const newCommentId = (
  nowMs: number = Date.now(),
  random: (below: number) => number = randomInt,
): number => (nowMs - commentEpochMs) * idsPerMs + random(idsPerMs)

/** The smallest id that an article of this moment could have: ids begin with their milliseconds. */
export function firstIdAt(atMs: number): string {
  const hex = Math.max(0, Math.floor(atMs)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}
