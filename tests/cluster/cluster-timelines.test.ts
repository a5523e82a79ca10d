import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Data } from 'banyan'
import { makeNotes, openClusterData } from './support/cluster-data.ts'
import { startMembers, type TestMembers } from './support/members.ts'
import { until } from './support/until.ts'

/*
 * Where somebody else promotes, the timeline stands for the term, and of two servers that do not know of
 * each other both are promoted to the second one.
 */

type Work = (cluster: TestMembers, open: () => Promise<Data>) => Promise<void>

/** Three members on the first timeline, of which nobody of ours looks after any. */
async function withMembers(work: Work): Promise<void> {
  const cluster = await startMembers({ replicas: 2, synchronous: false })
  const opened: { close(): Promise<void> }[] = []
  try {
    await makeNotes(cluster)
    await cluster.untilReplayed('db-2')
    await cluster.untilReplayed('db-3')
    await work(cluster, async () => {
      const one = await openClusterData(cluster, undefined, undefined, { foreign: true })
      opened.push(one)
      return one.data
    })
  } finally {
    for (const one of opened) await one.close()
    await cluster.stop()
  }
}

/** Promotes one that neither knows of, nor is followed by, anybody else. */
const promoteAlone = async (cluster: TestMembers, name: string): Promise<void> =>
  await cluster.promote(name, { term: null, follow: false })

const timelineOf = async (cluster: TestMembers, name: string): Promise<unknown> =>
  await cluster.value(name, 'select left(pg_walfile_name(pg_current_wal_lsn()), 8)')

/** Writes until the member takes it; whoever left a server for another one may be told so for a moment. */
async function untilWrittenTo(cluster: TestMembers, data: Data, name: string): Promise<void> {
  const { host } = cluster.member(name)
  const write = async () => {
    const id = `${name} ${Math.random()}`
    const rows = await data.of(id).write<{ host: string }>`
      insert into notes (id) values (${id}) returning host`
    return rows[0]?.host === host
  }
  await until(async () => await write().catch(() => false), `${name} is written to`)
}

/** Until the process has asked a member once more what it is. */
async function untilAsked(cluster: TestMembers, name: string): Promise<void> {
  const sql = `select coalesce(max(query_start)::text, '') from pg_stat_activity
    where application_name like 'banyan watcher%'`
  const before = await cluster.value(name, sql)
  await until(async () => (await cluster.value(name, sql)) !== before, `${name} is asked`)
}

describe('two servers that were promoted to one timeline', () => {
  for (const first of ['is dead', 'still takes writes'] as const) {
    it(`leave the writes to the one promoted later, where the first ${first}`, async () => {
      await withMembers(async (cluster, open) => {
        const data = await open()
        await untilWrittenTo(cluster, data, 'db-1')
        await promoteAlone(cluster, 'db-2')
        await untilWrittenTo(cluster, data, 'db-2')
        await untilAsked(cluster, 'db-3')
        await untilAsked(cluster, 'db-3')
        if (first === 'is dead') await cluster.kill('db-2')
        await promoteAlone(cluster, 'db-3')
        assert.equal(await timelineOf(cluster, 'db-3'), '00000002')
        await untilWrittenTo(cluster, data, 'db-3')
      })
    })
  }

  it('leave the writes to nobody, where the only one left may be the one promoted first', async () => {
    await withMembers(async (cluster, open) => {
      await promoteAlone(cluster, 'db-3')
      await cluster.freeze('db-3')
      await promoteAlone(cluster, 'db-2')
      const data = await open()
      await untilWrittenTo(cluster, data, 'db-2')
      await cluster.kill('db-2')
      cluster.primary = 'db-1'
      await cluster.rebuild('db-2')
      await untilAsked(cluster, 'db-2')
      await cluster.thaw('db-3')
      assert.equal(await timelineOf(cluster, 'db-3'), '00000002')
      await untilAsked(cluster, 'db-3')
      const write = data.of('x').write`insert into notes (id) values ('x')`
      await assert.rejects(write, {
        code: 'BANYAN_DATABASE_UNAVAILABLE',
        message:
          /db-1 has timeline 1, which timeline 2 superseded; db-2 follows; db-3 has timeline 2, as db-2 had/,
      })
      assert.equal(await cluster.value('db-3', `select count(*)::int from notes where id = 'x'`), 0)
    })
  })
})
