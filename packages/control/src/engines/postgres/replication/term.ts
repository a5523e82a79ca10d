import { BanyanError } from '@banyan/model'
import type { Client } from 'pg'
import { type AdminOptions, asAdmin } from './admin.ts'

export type TermOptions = AdminOptions & {
  /** Of the system; the term is part of its data. */
  readonly database: string
  readonly term: number
  readonly timeoutMs: number
  /** One that stands already, and is ended here; default: a new one. */
  readonly session?: Client | null
}

/**
 * Writes the term of a primary, and returns when those who confirm have it: a commit that was let go
 * without them, with a warning, does not count. The same term may be written again, a smaller one not.
 *
 * @example await writeTerm({ place, adminPassword, database: 'notes', term: 4, timeoutMs: 2_000 })
 */
export async function writeTerm(options: TermOptions): Promise<void> {
  const { place, term } = options
  let warning: string | null = null
  const rows = await inSession(options, async (admin) => {
    admin.on('notice', ({ message }) => {
      warning = message ?? 'a warning'
    })
    return await update(admin, term, place.name)
  }).catch((error: Error) => {
    throw notWritten(options, error.message, error)
  })
  if (warning !== null) throw notWritten(options, warning)
  if (rows === 0) throw notWritten(options, 'it has a larger one already')
}

async function inSession(
  { session = null, ...options }: TermOptions,
  work: (admin: Client) => Promise<number>,
): Promise<number> {
  if (session === null) return await asAdmin(options, options.timeoutMs, work)
  return await work(session).finally(() => void session.end().catch(() => {}))
}

async function update(admin: Client, term: number, node: string): Promise<number> {
  const { rowCount } = await admin.query(
    `insert into banyan.term as t (term, node) values ($1, $2)
     on conflict (one) do update set term = excluded.term, node = excluded.node, at = clock_timestamp()
     where t.term <= excluded.term`,
    [term, node],
  )
  return rowCount ?? 0
}

function notWritten({ place, term }: TermOptions, why: string, cause?: unknown): BanyanError {
  return new BanyanError(
    'BANYAN_CONFIRM_FAILED',
    `${place.name} could not write term ${term} so that those who confirm have it: ${why}.`,
    { hint: 'It is tried again as soon as a replica follows it ("banyan status").', cause },
  )
}
