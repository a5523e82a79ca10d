import { badToken, notFound, type Problem, taken } from './problem.ts'

type DatabaseError = { readonly code: string; readonly constraint?: string }

/** An error that PostgreSQL gave: it has an SQLSTATE, and often names a constraint. */
function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code))
}

/** Whether a statement failed because a value that must be unique is taken. */
export const isTaken = (error: unknown, constraint: string): boolean =>
  isDatabaseError(error) && error.code === '23505' && error.constraint === constraint

/** What violating each constraint means to the one who asked. Others are faults of ours. */
const problemOf: Readonly<Record<string, () => Problem>> = {
  users_username_key: () => taken('username'),
  users_email_key: () => taken('email'),
  articles_author_id_fkey: badToken,
  follows_follower_id_fkey: badToken,
  comments_author_id_article_id_fkey: () => notFound('article'),
  favorites_author_id_article_id_fkey: () => notFound('article'),
  article_tags_author_id_article_id_fkey: () => notFound('article'),
}

/** What a violated constraint means, or null for any other error. */
export function problemOfDatabase(error: unknown): Problem | null {
  if (!isDatabaseError(error) || !error.code.startsWith('23')) return null
  return problemOf[error.constraint ?? '']?.() ?? null
}
