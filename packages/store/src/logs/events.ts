import { createHash } from 'node:crypto'
import type { KeptFile } from '../sqlite/kept-file.ts'
import type { NodeLine } from './log-file.ts'

/** Something that the app recorded. */
export type AppEvent = {
  readonly name: string
  /** Null: it is about nobody. */
  readonly subject: string | null
  readonly at: number
}

const dayMs = 86_400_000

/** Days are UTC's, counted from 1970. */
export const dayOf = (at: number): number => Math.floor(at / dayMs)

export const dayText = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10)

/** The event that a line is, as `record()` writes it; null for every other line. */
export function eventOf({ message, fields, at }: NodeLine): AppEvent | null {
  const { event, subject } = fields
  if (message !== 'event' || typeof event !== 'string' || event === '') return null
  return { name: event.slice(0, 200), subject: typeof subject === 'string' ? subject : null, at }
}

/** What counts for an event without a subject; no digest is negative. */
export const nobody = -1

/**
 * Counts an event: one row for each name, day and subject, which is all that any business metric asks for. Says
 * whether it took a row of its own. The subject is a keyed hash already; six bytes of a digest of it are enough
 * to tell ten million people apart.
 */
export function countEvent(file: KeptFile, { name, subject, at }: AppEvent): boolean {
  file.sql('insert or ignore into event_names (name) values (?)').run(name)
  const id = Number(file.sql('select id from event_names where name = ?').get(name)?.id)
  const who = subject === null ? nobody : digestOf(subject)
  const count = file
    .sql(
      `insert into events values (?, ?, ?, 1)
       on conflict (name, day, subject) do update set count = count + 1 returning count`,
    )
    .get(id, dayOf(at), who)?.count
  return count === 1
}

const digestOf = (subject: string): number =>
  createHash('sha256').update(subject).digest().readUIntBE(0, 6)
