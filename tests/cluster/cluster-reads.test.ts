import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Data } from 'banyan'
import { startMembers, type TestMembers } from './support/members.ts'
import {
  makeCounters,
  openReading,
  type ReadingOptions,
  type ReadingReport,
  readCounters,
} from './support/reading.ts'
import { until } from './support/until.ts'

/*
 * Reads on replicas, of one process on real servers. `BANYAN_STRONG_READS=100000` for the whole of what is
 * sampled here.
 */

const reads = Number(process.env.BANYAN_STRONG_READS ?? '3000')

/**
 * The part that replicas have to answer of reads that ask for all that the machine can do. It is nearly all of them,
 * but where others want the machine too, samples come late, and reads go to the primary.
 */
const shareMin = Number(process.env.BANYAN_READ_SHARE ?? '0.5')

/** Whether a replica is in the middle of a read that sleeps. */
async function sleepsOnReplica(cluster: TestMembers): Promise<boolean> {
  const sql =
    "select 1 from pg_stat_activity where state = 'active' and query like '%, lateral (select pg_sleep%' and pid <> pg_backend_pid()"
  const found = await Promise.all(['db-2', 'db-3'].map((name) => cluster.query(name, sql)))
  return found.some(({ rows }) => rows.length > 0)
}

/** Four reads, of which a replica answers one that takes long there; on the primary they take no time. */
async function readLongOnReplica({ cluster, data }: Reading): Promise<Promise<{ n: number }[]>[]> {
  const read = async () =>
    await data.of('c1').read<{ n: number }>`
      select n from counters, lateral (select pg_sleep(case when pg_is_in_recovery() then 20 else 0 end)) s
      where id = 'c1'`
  let reads: Promise<{ n: number }[]>[] = []
  let left = 0
  await until(async () => {
    // On a busy machine samples may come too late for all of them: then the primary has answered.
    if (left === 0) {
      reads = Array.from({ length: 4 }, read)
      left = reads.length
      for (const one of reads) void one.finally(() => (left -= 1)).catch(() => {})
    }
    return await sleepsOnReplica(cluster)
  }, 'a replica answers one of the reads')
  return reads
}

type Reading = { readonly cluster: TestMembers; readonly data: Data; close(): Promise<void> }

async function startReading(
  options: Parameters<typeof startMembers>[0] & { readonly lagBytesMax?: number } = {},
): Promise<Reading> {
  const { lagBytesMax, ...members } = options
  const cluster = await startMembers({ replicas: 2, ...members })
  try {
    await makeCounters(cluster)
    const limits = lagBytesMax === undefined ? {} : { lagBytesMax }
    const { data, close } = await openReading(cluster, limits)
    // Who the members are is asked of them, and until then everything is the primary's.
    await until(async () => {
      const options = { reads: 10, writePauseMs: null, consistency: 'eventual' } as const
      const { answers } = await readCounters(data, cluster, options)
      return answers.has('db-2') && answers.has('db-3')
    }, 'both replicas answer')
    return {
      cluster,
      data,
      close: async () => {
        await close()
        await cluster.stop()
      },
    }
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

async function readAndSay(
  context: TestContext,
  { cluster, data }: Reading,
  options: ReadingOptions,
): Promise<ReadingReport> {
  const report = await readCounters(data, cluster, options)
  const { failed, answers, ...figures } = report
  context.diagnostic(JSON.stringify({ ...figures, ...Object.fromEntries(answers) }))
  assert.deepEqual(failed, [])
  return report
}

describe('reads on replicas', { timeout: 600_000 }, () => {
  let reading: Reading

  before(async () => {
    reading = await startReading()
  })
  after(async () => await reading?.close())

  it('that are strong see every acknowledged write, and most are on replicas', async (context) => {
    const options = { reads, concurrency: 64 }
    const { stale, share, writes, answers } = await readAndSay(context, reading, options)
    assert.equal(stale, 0)
    assert.ok(share >= shareMin, `${share} on replicas`)
    assert.ok(writes > 20)
    for (const name of ['db-2', 'db-3']) assert.ok((answers.get(name) ?? 0) > reads / 10, name)
  })

  it('of a few hundred in a second nine of ten are on replicas', async (context) => {
    const options = { reads: 1_500, pauseMs: 40 }
    const { stale, share } = await readAndSay(context, reading, options)
    assert.equal(stale, 0)
    assert.ok(share >= 0.9, `${share} on replicas`)
  })

  it('see every acknowledged write where some are sooner on the primary', async (context) => {
    const { stale, answers } = await readAndSay(context, reading, { reads, concurrency: 8 })
    assert.equal(stale, 0)
    assert.ok((answers.get('db-2') ?? 0) + (answers.get('db-3') ?? 0) > 0, 'some are on replicas')
  })

  it('are spread while nothing is written', async (context) => {
    const options = { reads: 1_000, writePauseMs: null, pauseMs: 20 }
    const { share, answers } = await readAndSay(context, reading, options)
    assert.ok(share >= 0.9, `${share} on replicas`)
    for (const name of ['db-2', 'db-3']) assert.ok((answers.get(name) ?? 0) > 100, name)
  })

  it('go to the primary for one snapshot', async (context) => {
    const options = { reads: 200, consistency: { snapshot: true } } as const
    assert.equal((await readAndSay(context, reading, options)).share, 0)
  })

  it('are strong where nobody can know the session', async (context) => {
    const options = { reads: 1_000, consistency: 'session' } as const
    assert.equal((await readAndSay(context, reading, options)).stale, 0)
  })

  it('that a replica ends for the sake of replay are asked again on the primary', async () => {
    const { cluster } = reading
    const settings = { max_standby_streaming_delay: '0', hot_standby_feedback: 'off' }
    for (const name of ['db-2', 'db-3']) await cluster.set(name, settings)
    const long = await readLongOnReplica(reading)
    // Replaying an exclusive lock ends whoever uses the table there.
    await cluster.query('db-1', 'alter table counters add column conflict int')
    const rows = await Promise.all(long)
    assert.equal(
      rows.every(([row]) => typeof row?.n === 'number'),
      true,
    )
    const logs = ['db-2', 'db-3'].map((name) => readFile(cluster.member(name).logFile, 'utf8'))
    assert.match((await Promise.all(logs)).join(''), /due to conflict with recovery/)
  })

  it('fail with the error of the statement where it is the statement', async () => {
    const failing = reading.data.of('c1').read`select 1 / 0`
    await assert.rejects(failing, { code: '22012' })
    const writing = reading.data.of('c1').read`delete from counters`
    await assert.rejects(writing, { code: '25006' })
  })

  it('go on while a replica is killed, and come back to it', async (context) => {
    const { cluster } = reading
    const running = readAndSay(context, reading, { reads: 3_000, pauseMs: 10 })
    await sleep(200)
    await cluster.kill('db-3')
    const { stale, share, worstMs } = await running
    assert.equal(stale, 0)
    assert.ok(share >= 0.8, `${share} on replicas`)
    await cluster.start('db-3')
    await cluster.untilStreaming('db-3')
    await sleep(1_500)
    const options = { reads: 1_000, pauseMs: 20 }
    const { answers, ...again } = await readAndSay(context, reading, options)
    assert.equal(again.stale, 0)
    const limitMs = 2_000 + again.worstMs
    assert.ok(worstMs < limitMs, `${worstMs} ms, and ${again.worstMs} ms of two that live`)
    assert.ok((answers.get('db-3') ?? 0) > 50, 'nothing on db-3')
  })

  it('are taken away from a replica that stands still', async (context) => {
    const { cluster } = reading
    const running = readAndSay(context, reading, { reads: 4_000, pauseMs: 4 })
    await sleep(200)
    await cluster.freeze('db-2')
    try {
      const { stale, worstMs } = await running
      assert.equal(stale, 0)
      assert.ok(worstMs < 3_000, `${worstMs} ms`)
    } finally {
      await cluster.thaw('db-2')
    }
  })

  it('see everything after a failover, and are on replicas again', async (context) => {
    const { cluster } = reading
    await sleep(500)
    const running = readAndSay(context, reading, { reads: 4_000, pauseMs: 2 })
    await sleep(300)
    await cluster.kill('db-1')
    await cluster.promote('db-2')
    assert.equal((await running).stale, 0)
    await sleep(1_000)
    const options = { reads: 1_000, pauseMs: 20 }
    const { stale, share } = await readAndSay(context, reading, options)
    assert.equal(stale, 0)
    assert.ok(share >= 0.8, `${share} on replicas`)
  })
})

describe('a replica that shows everything 5 s late', { timeout: 600_000 }, () => {
  let reading: Reading

  before(async () => {
    reading = await startReading({ lagBytesMax: 1_048_576 })
    await reading.cluster.set('db-3', { recovery_min_apply_delay: '5s' })
  })
  after(async () => await reading?.close())

  it('answers nothing stale, and the other one answers', async (context) => {
    const options = { reads, concurrency: 64 }
    const { stale, share, writes } = await readAndSay(context, reading, options)
    assert.equal(stale, 0)
    assert.ok(share >= 0.7, `${share} on replicas`)
    assert.ok(writes > 20)
  })

  it('answers what has to be no younger', async (context) => {
    const options = { reads: 1_000, pauseMs: 20, consistency: 'eventual' } as const
    const { answers, stale } = await readAndSay(context, reading, options)
    assert.ok((answers.get('db-3') ?? 0) > 0)
    // If nothing were seen late, the tests above would prove nothing.
    assert.ok(stale > 0, 'nothing was late')
  })

  it('does not know a new table, which the primary then is asked for', async () => {
    const { cluster, data } = reading
    await cluster.query(
      'db-1',
      'create table fresh as select 1 as n; grant select on fresh to banyan_app',
    )
    for (let times = 0; times < 20; times += 1) {
      const [row] = await data.of('x', { consistency: 'eventual' }).read<{
        n: number
      }>`select n from fresh`
      assert.equal(row?.n, 1)
    }
  })

  it('answers nothing any more once it is too far behind', async (context) => {
    const { cluster } = reading
    await cluster.query(
      'db-1',
      'create table bulk as select repeat(md5(n::text), 10) as t from generate_series(1, 20000) n',
    )
    await cluster.untilReplayed('db-2')
    await sleep(1_000)
    const options = { reads: 500, consistency: 'eventual', writePauseMs: null } as const
    const { answers } = await readAndSay(context, reading, options)
    assert.equal(answers.get('db-3') ?? 0, 0)
  })
})

describe('where every replica is 5 s late', { timeout: 600_000 }, () => {
  let reading: Reading

  before(async () => {
    reading = await startReading({ replicaSettings: { recovery_min_apply_delay: '5s' } })
  })
  after(async () => await reading?.close())

  it('strong reads see everything, and wait for nobody who does not come', async (context) => {
    const plain = await readAndSay(context, reading, { reads, consistency: { snapshot: true } })
    const { stale, p50Ms, share } = await readAndSay(context, reading, { reads })
    assert.equal(stale, 0)
    assert.ok(share < 0.2, `${share} on replicas`)
    // Waiting takes 50 ms; to ask the primary where it is, and then for the rest, about twice what a read takes.
    assert.ok(p50Ms < 45 + 2 * plain.p50Ms, `${p50Ms} ms, and ${plain.p50Ms} ms of the primary`)
  })
})
