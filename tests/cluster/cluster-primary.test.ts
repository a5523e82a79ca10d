import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { holdingName } from '@banyan/postgres'
import { BanyanError } from 'banyan'
import {
  type ClusterData,
  countMissing,
  keepWriting,
  makeNotes,
  openClusterData,
} from './support/cluster-data.ts'
import { startMembers, type TestMembers } from './support/members.ts'
import { until } from './support/until.ts'

/** Requests are held for as long as a promotion may take on a machine that has much else to do. */
const openPatient = (cluster: TestMembers, names?: readonly string[]): Promise<ClusterData> =>
  openClusterData(cluster, names, 10, { holdMs: 60_000 })

const codesOf = (errors: readonly unknown[]): string[] => [
  ...new Set(errors.map((error) => (BanyanError.is(error) ? error.code : String(error)))),
]

describe('the primary is killed under load', () => {
  let cluster: TestMembers
  let opened: ClusterData
  before(async () => {
    cluster = await startMembers({ replicas: 2, synchronous: true })
    await makeNotes(cluster)
    opened = await openPatient(cluster)
  })
  after(async () => {
    await opened?.close()
    await cluster?.stop()
  })

  let heir = ''

  it('and writing goes on at the promoted one, with nothing lost and no storm', async (t) => {
    const load = keepWriting(opened.data, 20)
    t.after(() => load.end())
    await until(() => load.acknowledged.length > 200, 'writes are acknowledged')
    load.mark()
    await cluster.kill('db-1')
    const began = performance.now()
    // Either may have been the one that confirmed, and only the other one can follow it.
    heir = await cluster.heir()
    await cluster.promote(heir)
    const promotedMs = performance.now() - began
    const before = load.acknowledged.length
    await until(() => load.acknowledged.length > before + 200, 'writes are acknowledged again')
    const sessions = await cluster.value(
      heir,
      `select count(*)::int from pg_stat_activity where usename = 'banyan_app'
         and query not like '%member_facts%' and query not like 'listen%'`,
    )
    await load.end()
    assert.equal(await countMissing(cluster, load.acknowledged), 0)
    assert.deepEqual(
      codesOf(load.failures).filter((code) => code !== 'BANYAN_OUTCOME_UNKNOWN'),
      [],
    )
    assert.ok(load.failures.length <= 5, `only writes in flight fail, not ${load.failures.length}`)
    assert.ok(Number(sessions) <= 12, `${sessions} sessions of the app, with at most 10 configured`)
    assert.ok(load.longestMs < 2 * promotedMs + 1_000, `nothing for ${load.longestMs} ms`)
    t.diagnostic(
      `promoted within ${Math.round(promotedMs)} ms, writes paused for ${Math.round(load.longestMs)} ms, ${load.failures.length} unknown`,
    )
  })

  it('and a promoted one takes nothing before it has written its own term', async () => {
    const other = heir === 'db-2' ? 'db-3' : 'db-2'
    await cluster.rebuild('db-1')
    await cluster.untilReplayed(other)
    await cluster.confirm([])
    await cluster.kill(heir)
    await cluster.promote(other, { term: null, follow: false })
    const id = 'waits for the term'
    let done = false
    const write = opened.data.of(id).write`insert into notes (id) values (${id})`.then(() => {
      done = true
    })
    await sleep(700)
    assert.ok(!done, 'nobody knows yet that it is the primary')
    await cluster.writeTerm(other, cluster.term + 1)
    await write
    assert.equal(await countMissing(cluster, [id]), 0)
  })
})

/** As long as anybody holds for control. */
const holdMsMax = 30_000

/** Control can see on a primary who holds: returns once all of them do. */
async function untilShown(
  cluster: TestMembers,
  name: string,
  again: () => Promise<void> = async () => {},
): Promise<void> {
  const names = `select array_agg(distinct application_name) from pg_stat_activity
    where usename = 'banyan_app' and application_name like 'banyan watcher%'`
  await until(async () => {
    await again()
    await sleep(50)
    return isDeepStrictEqual(await cluster.value(name, names), [holdingName])
  }, 'control can see who holds')
}

describe('a primary that was superseded', () => {
  let cluster: TestMembers
  let opened: ClusterData
  before(async () => {
    cluster = await startMembers({ replicas: 2, synchronous: false })
    await makeNotes(cluster)
    opened = await openPatient(cluster)
  })
  after(async () => {
    await opened?.close()
    await cluster?.stop()
  })

  it('is left although it answers, also by transactions that run', async (t) => {
    const { data } = opened
    const left = Promise.withResolvers<void>()
    const load = keepWriting(data, 5)
    t.after(() => load.end())
    await until(() => load.acknowledged.length > 50, 'writes are acknowledged')
    let inside = (): void => {}
    const entered = new Promise<void>((resolve) => {
      inside = resolve
    })
    const long = data.of('long').transaction(async (tx) => {
      await tx.sql`insert into notes (id) values ('long')`
      inside()
      await left.promise
      await tx.sql`insert into notes (id) values ('longer')`
    })
    const judged = assert.rejects(long, { code: 'BANYAN_CONNECTION_LOST' })
    await entered
    await cluster.promote('db-2')
    const began = performance.now()
    const written = async () => Number(await cluster.value('db-2', 'select count(*) from notes'))
    const before = await written()
    await until(async () => (await written()) > before, 'writes go on at the new one')
    t.diagnostic(`after ${Math.round(performance.now() - began)} ms`)
    const still = `select coalesce(string_agg(query, ' | '), '') from pg_stat_activity
      where usename = 'banyan_app' and query like '%notes%'`
    await until(
      async () => (await cluster.value('db-1', still)) === '',
      'no connection of a statement to the old one is kept',
    )
    left.resolve()
    const late = await cluster.value('db-1', 'select count(*)::int from notes')
    await judged
    await load.end()
    assert.equal(await cluster.value('db-1', 'select count(*)::int from notes'), late)
    const { host, port } = cluster.member('db-2')
    const [row] = await data.of('x').write`insert into notes (id) values ('x') returning host, port`
    assert.deepEqual(row, { host, port })
  })

  it('is left while it stands still, and stays left when it wakes', async (t) => {
    const { data } = opened
    await cluster.kill('db-1')
    // It has followed the old one beyond the point where the new one began.
    await cluster.kill('db-3')
    await cluster.rebuild('db-3')
    const load = keepWriting(data, 5)
    t.after(() => load.end())
    await until(() => load.acknowledged.length > 50, 'writes are acknowledged')
    await cluster.freeze('db-2')
    await cluster.promote('db-3')
    const before = load.acknowledged.length
    await until(() => load.acknowledged.length > before + 20, 'writes go on')
    await cluster.thaw('db-2')
    await sleep(1_200)
    await load.end()
    const { port, host } = cluster.member('db-3')
    const [row] = await data.of('y').write`insert into notes (id) values ('y') returning host, port`
    assert.deepEqual(row, { host, port })
  })
})

describe('the members of a shard', () => {
  let cluster: TestMembers
  before(async () => {
    cluster = await startMembers({ replicas: 1, synchronous: true })
    await makeNotes(cluster)
  })
  after(() => cluster?.stop())

  it('are learned from the catalog, and a hold lets requests wait until the other one is there', async () => {
    const opened = await openPatient(cluster, ['db-1'])
    const { data } = opened
    try {
      await data.of('a').write`insert into notes (id) values ('before')`
      await cluster.writeCatalog(['db-1', 'db-2'])
      await sleep(300)
      let inside = (): void => {}
      const entered = new Promise<void>((resolve) => {
        inside = resolve
      })
      const holds = Promise.withResolvers<void>()
      const running = data.of('a').transaction(async (tx) => {
        inside()
        await holds.promise
        await tx.sql`insert into notes (id) values ('goes on to its end')`
      })
      await entered
      await cluster.hold(holdMsMax)
      await untilShown(cluster, 'db-1')
      let done = false
      const held = data.of('a').write`insert into notes (id) values ('held') returning port, host`
      void held.then(() => {
        done = true
      })
      holds.resolve()
      await running
      await sleep(200)
      assert.ok(!done, 'nothing is lent while control holds')
      await cluster.untilReplayed('db-2')
      await cluster.confirm([])
      await cluster.kill('db-1')
      await cluster.promote('db-2')
      const { host, port } = cluster.member('db-2')
      assert.deepEqual(await held, [{ host, port }])
    } finally {
      await opened.close()
    }
  })

  it('connect ahead where a switchover leads, and write there through what they opened', async (t) => {
    const trio = await startMembers({ replicas: 1 })
    t.after(async () => await trio.stop())
    await makeNotes(trio)
    const opened = await openPatient(trio)
    t.after(async () => await opened.close())
    const { data } = opened
    const backends = async (): Promise<number[]> =>
      (await trio.value(
        'db-2',
        `select coalesce(array_agg(pid order by pid), '{}') from pg_stat_activity
         where usename = 'banyan_app' and application_name not like 'banyan %'`,
      )) as number[]
    const write = (id: string) => data.of('a').write`insert into notes (id) values (${id})`
    await write('before')
    await sleep(300)
    assert.deepEqual(await backends(), [])
    await trio.announceHeir('db-2')
    await until(async () => (await backends()).length > 0, 'somebody connects ahead')
    const ahead = await backends()
    assert.ok(ahead.length <= 2, `${ahead.length} connections`)
    await trio.hold(holdMsMax)
    const held = write('after')
    await trio.untilReplayed('db-2')
    // What is announced is forgotten after 5 s, which a promotion may take on a busy machine.
    const announcing = setInterval(() => void trio.announceHeir('db-2').catch(() => {}), 500)
    t.after(() => clearInterval(announcing))
    await Promise.all([held, trio.promote('db-2')])
    clearInterval(announcing)
    // They are in the pool now; another one may have been opened beside them, and been sooner.
    const used = await backends()
    assert.ok(
      ahead.every((pid) => used.includes(pid)),
      `${used}, of which ${ahead} were ahead`,
    )
  })

  it('close what they opened ahead when the switchover does not come', async (t) => {
    const pair = await startMembers({ replicas: 1 })
    t.after(async () => await pair.stop())
    await makeNotes(pair)
    const opened = await openPatient(pair)
    t.after(async () => await opened.close())
    const count = async () =>
      await pair.value(
        'db-2',
        `select count(*)::int from pg_stat_activity
         where usename = 'banyan_app' and application_name not like 'banyan %'`,
      )
    await opened.data.of('a').write`insert into notes (id) values ('before')`
    await sleep(300)
    await pair.announceHeir('db-2')
    await until(async () => (await count()) !== 0, 'somebody connects ahead')
    await until(async () => (await count()) === 0, 'what was opened ahead is closed', 15_000)
    await opened.data.of('a').write`insert into notes (id) values ('goes on at the old one')`
  })

  it('are held up no longer than control said, or until it says so', async () => {
    const opened = await openPatient(cluster, ['db-2'])
    const { data } = opened
    try {
      const write = (id: string) => data.of('a').write`insert into notes (id) values (${id})`
      await write('one')
      for (const cancel of [false, true]) {
        const holdMs = cancel ? holdMsMax : 2_000
        let toldMs = 0
        // Nobody hears it who does not listen yet.
        await untilShown(cluster, 'db-2', async () => {
          toldMs = performance.now()
          await cluster.hold(holdMs)
        })
        const held = write(`held ${cancel}`)
        if (cancel) await cluster.hold(0)
        await held
        const tookMs = performance.now() - toldMs
        if (cancel) assert.ok(tookMs < holdMs, `${tookMs} ms`)
        else assert.ok(tookMs >= holdMs - 1, `${tookMs} ms`)
      }
    } finally {
      await opened.close()
    }
  })

  it('are read from the file again when none that is known answers', async () => {
    await cluster.rebuild('db-1')
    const opened = await openPatient(cluster, ['db-2'])
    const { data } = opened
    try {
      await data.of('a').write`insert into notes (id) values ('known')`
      await cluster.untilReplayed('db-1')
      await cluster.kill('db-2')
      await cluster.promote('db-1')
      await opened.rewrite(cluster.runtimeFile(['db-1']))
      await data.of('a').write`insert into notes (id) values ('found in the file')`
      assert.equal(await countMissing(cluster, ['known', 'found in the file']), 0)
    } finally {
      await opened.close()
    }
  })
})

it('a server of another cluster is left out, although it takes writes', async () => {
  const [ours, theirs] = [
    await startMembers({ replicas: 1, synchronous: false }),
    await startMembers({ replicas: 0, synchronous: false }),
  ]
  try {
    await makeNotes(ours)
    const systemIdentifier = String(
      await ours.value('db-1', 'select system_identifier::text from pg_control_system()'),
    )
    const opened = await openClusterData(ours)
    try {
      const file = ours.runtimeFile()
      const { host, port } = theirs.member('db-1')
      const stranger = { name: 'db-9', host, port }
      await opened.rewrite({
        ...file,
        shards: file.shards.map((shard) => ({
          ...shard,
          systemIdentifier,
          members: [stranger, ...shard.members],
        })),
      })
      await theirs.writeTerm('db-1', 99)
      const [row] = await opened.data.of('a')
        .write`insert into notes (id) values ('mine') returning host`
      assert.equal(row?.host, ours.member('db-1').host)
    } finally {
      await opened.close()
    }
  } finally {
    await theirs.stop()
    await ours.stop()
  }
})
