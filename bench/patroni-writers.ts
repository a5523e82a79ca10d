import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { PatroniCluster } from '../tests/cluster/support/patroni.ts'
import { longestGapIn, type WriteProbe } from '../tests/cluster/support/write-probe.ts'

/** As many as write to a system of ours in the same bench. */
const writers = 4
const pauseMs = 5
/** An ideal client: it gives up a server that says nothing for so long, and seeks the leader so often. */
const patienceMs = 500
const seekMs = 50

/**
 * Writes straight to whichever member leads. Each writer asks all members at once, again and again, so that
 * the outage that it sees is Patroni's own: no proxy, no name server and no driver adds to it.
 */
export async function startWriters(cluster: PatroniCluster): Promise<WriteProbe> {
  const leader = await cluster.whole(120_000)
  const table = await connect(cluster.urlOf(leader))
  await table.query('create table if not exists outage (n bigserial primary key)')
  await table.end()
  const acknowledged: number[] = [performance.now()]
  let stopped = false
  const run = async (): Promise<void> => {
    let client: pg.Client | null = null
    while (!stopped) {
      try {
        client ??= await seekLeader(cluster)
        await client.query('insert into outage default values')
        acknowledged.push(performance.now())
        await sleep(pauseMs)
      } catch {
        drop(client)
        client = null
        await sleep(seekMs)
      }
    }
    drop(client)
  }
  const running = Array.from({ length: writers }, run)
  return {
    longestGapMs: async (since) => {
      const asked = performance.now()
      while ((acknowledged.at(-1) ?? 0) <= asked) await sleep(10)
      return longestGapIn(acknowledged, since)
    },
    stop: async () => {
      stopped = true
      await Promise.all(running)
    },
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    drop(client)
    throw error
  }
}

/** The first that says that it is not in recovery. */
async function seekLeader(cluster: PatroniCluster): Promise<pg.Client> {
  const asked = cluster.members.map(async (member) => {
    const client = await connect(cluster.urlOf(member))
    const { rows } = await client.query('select pg_is_in_recovery() as follows')
    if (rows[0]?.follows === false) return client
    drop(client)
    throw new Error(`${member} follows`)
  })
  return await Promise.any(asked)
}

/** Without waiting for a server that may be gone. */
const drop = (client: pg.Client | null): void => void client?.end().catch(() => {})
