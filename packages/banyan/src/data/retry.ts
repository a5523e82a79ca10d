import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'

/** A transaction that lost to another one several times meets it again and again. */
const attemptsMax = 5
const pauseMs = 10

/** PostgreSQL rolled one transaction back for the sake of another: serialization, deadlock. */
const contention = new Set(['40001', '40P01'])

/** Runs again what surely left nothing behind, or what else may be, with growing, jittered pauses. */
export async function retrying<T>(
  work: () => Promise<T>,
  mayRepeat: (error: unknown) => boolean = isRepeatable,
  random: () => number = Math.random,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === attemptsMax || !mayRepeat(error)) throw error
    }
    await sleep(pauseMs * 2 ** attempt * (0.5 + random() / 2))
  }
}

/**
 * Whether the transaction behind an error surely did nothing, and may do something next time. An
 * app that wraps errors keeps the cause.
 */
export function isRepeatable(error: unknown): boolean {
  let at = error
  for (let depth = 0; depth < 5 && at instanceof Error; depth += 1) {
    const { code } = at as { code?: unknown }
    if (BanyanError.is(at) && at.code === 'BANYAN_OUTCOME_UNKNOWN') return false
    if (BanyanError.is(at) && at.code === 'BANYAN_CONNECTION_LOST') return true
    if (typeof code === 'string' && contention.has(code)) return true
    at = at.cause
  }
  return false
}
