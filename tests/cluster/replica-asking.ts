import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from './postgres-node.ts'
import type { Node } from './replica-nodes.ts'

/** No test of replication takes longer, on the slowest machine. */
export const lastTimeout = { timeout: 180_000 }

/** Returns when it is so, and says what was missing when it has not become so. */
export async function until(
  what: string,
  isSo: () => Promise<boolean>,
  timeoutMs = 40_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isSo().catch(() => false))) {
    assert.ok(performance.now() < deadline, `not within ${timeoutMs} ms: ${what}`)
    await sleep(20)
  }
}

/** Returns when a replica has replayed everything that its primary has written by now. */
export async function untilCaughtUp(replica: Node, primary: Node): Promise<void> {
  const lsn = await ask(primary, 'select pg_current_wal_lsn()::text')
  const sql = `select pg_last_wal_replay_lsn() >= '${lsn}'`
  await until(`${replica.name} has ${lsn}`, async () => (await ask(replica, sql)) === 'true')
}
