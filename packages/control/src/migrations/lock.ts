import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'

/** Any number will do, as long as nobody else uses it: the bytes of "banymg". */
const lockKey = '108170603687271'
const pollMs = 100

/**
 * Runs `work` while no other runner migrates this database. The lock is asked for again and again
 * instead of waited for: a waiting query holds a snapshot, for which the other runner's CREATE INDEX
 * CONCURRENTLY would wait in turn, and neither would ever end.
 */
export async function withMigrationLock<Result>(
  client: Client,
  signal: AbortSignal | undefined,
  onWait: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; !(await tryLock(client)); attempt++) {
    if (attempt === 0) onWait()
    await sleep(pollMs, undefined, signal === undefined ? {} : { signal })
  }
  try {
    return await work()
  } finally {
    await client.query(`select pg_advisory_unlock(${lockKey})`).catch(() => {})
  }
}

async function tryLock(client: Client): Promise<boolean> {
  const { rows } = await client.query(`select pg_try_advisory_lock(${lockKey}) as locked`)
  return rows[0].locked
}
