import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { holdingName } from '@banyan/postgres'
import { BanyanError } from 'banyan'
import {
  type ClusterData,
  countMissing,
  keepWriting,
  makeNotes,
  openClusterData,
} from './support/cluster-data.ts'
import { startMembers, type TestMembers, until } from './support/members.ts'

const codesOf = (errors: readonly unknown[]): string[] => [
  ...new Set(errors.map((error) => (BanyanError.is(error) ? error.code : String(error)))),
]

describe('the primary is killed under load', () => {
  let cluster: TestMembers
  let opened: ClusterData
  before(async () => {
    cluster = await startMembers({ replicas: 2, synchronous: true })
    await makeNotes(cluster)
    opened = await openClusterData(cluster)
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
    assert.ok(load.longestMs < promotedMs + 1_000, `nothing for ${load.longestMs} ms`)
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

describe('a primary that was superseded', () => {
  let cluster: TestMembers
  let opened: ClusterData
  before(async () => {
    cluster = await startMembers({ replicas: 2, synchronous: false })
    await makeNotes(cluster)
    opened = await openClusterData(cluster)
  })
  after(async () => {
    await opened?.close()
    await cluster?.stop()
  })

  it('is left within a second although it answers, also by transactions that run', async (t) => {
    const { data } = opened
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
      await sleep(2_000)
      await tx.sql`insert into notes (id) values ('longer')`
    })
    const judged = assert.rejects(long, { code: 'BANYAN_CONNECTION_LOST' })
    await entered
    await cluster.promote('db-2')
    await sleep(1_000)
    const late = await cluster.value('db-1', 'select count(*)::int from notes')
    await judged
    await load.end()
    assert.equal(await cluster.value('db-1', 'select count(*)::int from notes'), late)
    const { host, port } = cluster.member('db-2')
    const [row] = await data.of('x').write`insert into notes (id) values ('x') returning host, port`
    assert.deepEqual(row, { host, port })
    const still = `select coalesce(string_agg(query, ' | '), '') from pg_stat_activity
      where usename = 'banyan_app' and query like '%notes%'`
    assert.equal(
      await cluster.value('db-1', still),
      '',
      'no connection of a statement to the old one is kept',
    )
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
    const began = performance.now()
    await cluster.promote('db-3')
    const before = load.acknowledged.length
    await until(() => load.acknowledged.length > before + 20, 'writes go on')
    assert.ok(performance.now() - began < 3_000)
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
    const opened = await openClusterData(cluster, ['db-1'])
    const { data } = opened
    try {
      await data.of('a').write`insert into notes (id) values ('before')`
      await cluster.writeCatalog(['db-1', 'db-2'])
      await sleep(300)
      let inside = (): void => {}
      const entered = new Promise<void>((resolve) => {
        inside = resolve
      })
      const running = data.of('a').transaction(async (tx) => {
        inside()
        await sleep(400)
        await tx.sql`insert into notes (id) values ('goes on to its end')`
      })
      await entered
      await cluster.hold(5_000)
      await sleep(100)
      let done = false
      const held = data.of('a').write`insert into notes (id) values ('held') returning port, host`
      void held.then(() => {
        done = true
      })
      await running
      await sleep(200)
      assert.ok(!done, 'nothing is lent while control holds')
      const names = `select array_agg(distinct application_name) from pg_stat_activity
        where usename = 'banyan_app' and application_name like 'banyan watcher%'`
      const shown = await cluster.value('db-1', names)
      assert.deepEqual(shown, [holdingName], 'control can see who holds')
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

  it('are held up no longer than control said, or until it says so', async () => {
    const opened = await openClusterData(cluster, ['db-2'])
    const { data } = opened
    try {
      const write = (id: string) => data.of('a').write`insert into notes (id) values (${id})`
      await write('one')
      await sleep(200)
      for (const cancel of [false, true]) {
        await cluster.hold(600)
        await sleep(50)
        const began = performance.now()
        const held = write(`held ${cancel}`)
        if (cancel) await cluster.hold(0)
        await held
        const tookMs = performance.now() - began
        if (cancel) assert.ok(tookMs < 400, `${tookMs} ms`)
        else assert.ok(tookMs > 300 && tookMs < 1_500, `${tookMs} ms`)
      }
    } finally {
      await opened.close()
    }
  })

  it('are read from the file again when none that is known answers', async () => {
    await cluster.rebuild('db-1')
    const opened = await openClusterData(cluster, ['db-2'])
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
