import { createHmac, timingSafeEqual } from 'node:crypto'
import { laterMark, type Mark } from '../reads/position.ts'

/** What a caller has written so far: by shard, a mark behind the last of it. */
export type Marks = ReadonlyMap<string, Mark>

/** 128 bits: a token is no password, but nobody may send reads to the primary at will. */
const signatureChars = 22

/**
 * Writes marks as text that fits into a cookie and a header: `shard-1:3:16B374D848.<signature>`. It tells
 * nothing but how far the database was.
 */
export function writeToken(marks: Marks, secret: string): string {
  const parts = [...marks].map(
    ([shard, { term, lsn }]) =>
      `${encodeURIComponent(shard)}:${term}:${lsn.toString(16).toUpperCase()}`,
  )
  const body = parts.join('&')
  return `${body}.${signatureOf(body, secret)}`
}

/** Reads what {@link writeToken} wrote with this secret; null for anything else. */
export function readToken(token: string, secret: string): Marks | null {
  const dot = token.lastIndexOf('.')
  const body = token.slice(0, Math.max(0, dot))
  if (dot < 0 || !isEqual(token.slice(dot + 1), signatureOf(body, secret))) return null
  const marks = new Map<string, Mark>()
  for (const part of body.split('&')) {
    const [, shard, term, lsn] = /^([^:]+):(\d{1,15}):([0-9A-F]{1,16})$/.exec(part) ?? []
    if (shard === undefined || term === undefined) return null
    marks.set(decodeURIComponent(shard), { term: Number(term), lsn: BigInt(`0x${lsn}`) })
  }
  return marks
}

/** Of each shard the later mark. */
export function mergeMarks(all: Iterable<Marks>): Map<string, Mark> {
  const merged = new Map<string, Mark>()
  for (const marks of all) {
    for (const [shard, mark] of marks) {
      const known = merged.get(shard)
      merged.set(shard, known === undefined ? mark : laterMark(known, mark))
    }
  }
  return merged
}

const signatureOf = (body: string, secret: string): string =>
  createHmac('sha256', secret)
    .update(`banyan-session ${body}`)
    .digest('base64url')
    .slice(0, signatureChars)

function isEqual(found: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(found), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}
