// Roles of real servers: who follows whom, whom commits wait for, and who takes over.
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  confirmCommits,
  copyCluster,
  ensureSlots,
  findServer,
  followPrimary,
  lookAt,
  MemberQuestions,
  promoteServer,
  proveDead,
  removeCluster,
  stopForHeir,
  stopServer,
  whyNotFollowing,
  writeRole,
} from '@banyan/control/postgres'
import { processesIn } from '../../packages/control/src/engines/postgres/processes.ts'
import type { Confirming } from '../../packages/control/src/shard/member.ts'
import { freeze, thaw } from '../../packages/control/src/sites/freeze.ts'
import { ask, code, connect, root } from './postgres-node.ts'
import { lastTimeout, until, untilCaughtUp } from './replica-asking.ts'
import {
  copyOf,
  type Node,
  placeOf,
  replicatorPassword,
  sourceOf,
  startAs,
  startPrimary,
  startReplica,
} from './replica-nodes.ts'

const any = (...names: string[]): Confirming => ({ kind: 'any', quorum: 1, names })
const nobody: Confirming = { kind: 'nobody' }

/** What all calls about a running member take. */
const withKeys = (node: Node) => ({ ...sourceOf(node), replicatorPassword, logFile: node.logFile })

const confirm = (node: Node, confirming: Confirming) =>
  confirmCommits({ ...withKeys(node), confirming })

const promote = (node: Node, confirming: Confirming, ...followers: Node[]) =>
  promoteServer({ ...withKeys(node), confirming, followers: followers.map(({ name }) => name) })

const follow = (node: Node, primary: Node) =>
  followPrimary(node.nodeDirectory, placeOf(primary), { replicatorPassword })

const processesOf = (node: Node) => () => processesIn(join(node.nodeDirectory, 'data'))

/** Whether a commit is acknowledged within the time; what waits is ended. */
async function commits(node: Node, timeoutMs: number): Promise<boolean> {
  const client = await connect(node)
  try {
    const committed = client.query('insert into t default values').then(() => true)
    return await Promise.race([committed, sleep(timeoutMs, false)])
  } finally {
    void client.end().catch(() => {})
  }
}

/** Gives a primary and two replicas, and removes them whatever happens. */
async function withThree(
  name: string,
  work: (a: Node, b: Node, c: Node) => Promise<void>,
): Promise<void> {
  const folder = join(root, name)
  const nodes: Node[] = []
  try {
    const a = await startPrimary(folder)
    nodes.push(a)
    const client = await connect(a)
    await client.query('create table t (id bigint generated always as identity)')
    await client.end()
    for (const other of ['db-2', 'db-3']) nodes.push(await startReplica(a, folder, other))
    const [, b, c] = nodes as [Node, Node, Node]
    for (const one of [b, c]) await untilCaughtUp(one, a)
    await work(a, b, c)
  } finally {
    for (const node of nodes) {
      await thaw(processesOf(node))
      await removeCluster(node.nodeDirectory)
    }
  }
}

describe('whom commits wait for', lastTimeout, () => {
  test('is in force when the call returns, however it was before', async () => {
    await withThree('confirm', async (a, b, c) => {
      await confirm(a, any())
      assert.equal(await commits(a, 300), false, 'nobody has the name that is waited for')
      await confirm(a, any('db-2', 'db-3'))
      assert.equal(await commits(a, 5_000), true)
      await freeze(processesOf(b))
      assert.equal(await commits(a, 5_000), true, 'the other one confirms')
      await confirm(a, any('db-2'))
      assert.equal(await commits(a, 300), false, 'who left the list confirms no more')
      await confirm(a, any('db-2', 'db-3'))
      assert.equal(await commits(a, 5_000), true, 'who came confirms')
      await freeze(processesOf(c))
      assert.equal(await commits(a, 300), false)
      await confirm(a, { kind: 'any', quorum: 2, names: ['db-2', 'db-3'] })
      await thaw(processesOf(b))
      assert.equal(await commits(a, 300), false, 'two are waited for')
      await confirm(a, nobody)
      assert.equal(await commits(a, 5_000), true)
    })
  })

  test('is not in force for one who does not run, and says so', async () => {
    const a = await startPrimary(join(root, 'confirm-dead'))
    await proveDead(a.nodeDirectory)
    await assert.rejects(confirm(a, any('db-2')), { code: 'BANYAN_MEMBER_DOWN' })
    await removeCluster(a.nodeDirectory)
  })
})

describe('a promotion', lastTimeout, () => {
  test('waits for those who confirm from the first commit on, and others follow without a restart', async () => {
    await withThree('promote', async (a, b, c) => {
      await confirm(a, any('db-2', 'db-3'))
      assert.equal(await commits(a, 5_000), true)
      const before = await ask(a, 'select max(id) from t')
      const pid = (await findServer(c.nodeDirectory))?.pid
      await proveDead(a.nodeDirectory)
      await promote(b, any('db-3'), a, c)
      assert.equal(await ask(b, 'select pg_is_in_recovery()'), 'false')
      assert.equal(await commits(b, 300), false, 'nobody follows yet')
      await follow(c, b)
      assert.equal(await commits(b, 5_000), true)
      await untilCaughtUp(c, b)
      assert.ok(Number(await ask(c, 'select max(id) from t')) > Number(before))
      assert.equal((await findServer(c.nodeDirectory))?.pid, pid, 'it was not restarted')
      // Again, so that a timeline is left twice.
      await proveDead(b.nodeDirectory)
      await promote(c, nobody, b)
      assert.equal(await commits(c, 5_000), true)
      assert.equal(
        await ask(c, 'select left(pg_walfile_name(pg_current_wal_lsn()), 8)'),
        '00000003',
      )
    })
  })

  test('replays what was received before it takes writes, however far behind it is', async (t) => {
    const folder = join(root, 'backlog')
    const a = await startPrimary(folder)
    const b = await copyOf(a, folder, 'db-2')
    try {
      b.settings.recovery_min_apply_delay = '1h'
      await startAs(b, { kind: 'replica', of: placeOf(a) })
      await ask(a, 'create table t as select i, md5(i::text) from generate_series(1, 100000) i')
      const lsn = await ask(a, 'select pg_current_wal_flush_lsn()::text')
      const received = `select pg_last_wal_receive_lsn() >= '${lsn}'`
      await until('it has received all', async () => (await ask(b, received)) === 'true')
      assert.equal(await ask(b, "select to_regclass('t') is null"), 'true', 'it has replayed none')
      await proveDead(a.nodeDirectory)
      const begun = performance.now()
      await promote(b, nobody)
      t.diagnostic(`a backlog of 100,000 rows took ${Math.round(performance.now() - begun)} ms`)
      assert.equal(await ask(b, 'select count(*) from t'), '100000')
    } finally {
      for (const node of [a, b]) await removeCluster(node.nodeDirectory)
    }
  })

  test('leaves readers of changes their slot, and the old primary takes the copy of it', async () => {
    await withThree('slots', async (a, b, c) => {
      const make =
        "select pg_create_logical_replication_slot('reader', 'pgoutput', false, false, true)"
      await ask(a, make)
      const synced = `select count(*) from pg_replication_slots
        where slot_name = 'reader' and synced and not temporary`
      const isSynced = (primary: Node, replica: Node) => async () => {
        // A copy is kept only once its reader has come as far as the copy begins.
        await ask(primary, 'select pg_log_standby_snapshot()')
        await ask(primary, "select pg_replication_slot_advance('reader', pg_current_wal_lsn())")
        return (await ask(replica, synced)) === '1'
      }
      await until('the slot is there for an heir', isSynced(a, b), 60_000)
      assert.ok((await stopForHeir({ ...withKeys(a), heir: 'db-2' })) !== null)
      await promote(b, nobody, a, c)
      const changes =
        "select count(*) from pg_logical_slot_peek_binary_changes('reader', null, null, 'proto_version', '1', 'publication_names', 'p')"
      await ask(b, 'create publication p for all tables')
      await ask(b, 'insert into t default values')
      assert.match(await ask(b, changes), /^\d+$/)
      await startAs(a, { kind: 'replica', of: placeOf(b) })
      await until('the old primary has a copy of it', isSynced(b, a), 60_000)
    })
  })

  test('may be called again, and is finished where it was interrupted', async () => {
    await withThree('promote-again', async (a, b, c) => {
      await proveDead(a.nodeDirectory)
      // Interrupted after the role was written, and its server killed: it follows nobody, and takes no writes.
      await writeRole(
        b.nodeDirectory,
        { kind: 'primary', confirming: nobody },
        { replicatorPassword },
      )
      await proveDead(b.nodeDirectory)
      await startAs(b, { kind: 'replica', of: placeOf(c) })
      assert.equal(await ask(b, 'select pg_is_in_recovery()'), 'true')
      await promote(b, nobody, c)
      await promote(b, nobody, c)
      assert.equal(await commits(b, 5_000), true)
      await follow(c, b)
      await untilCaughtUp(c, b)
      const slots = "select count(*) from pg_replication_slots where slot_name like 'banyan_%'"
      assert.equal(await ask(b, slots), '1')
    })
  })

  test('of a server that was killed at each stage leaves one that can be started as it is told', async () => {
    await withThree('promote-killed', async (a, b, c) => {
      await proveDead(a.nodeDirectory)
      for (const afterMs of [0, 10, 25, 50, 100]) {
        const promoted = promote(b, nobody, c).then(
          () => true,
          () => false,
        )
        await sleep(afterMs)
        await proveDead(b.nodeDirectory)
        await promoted
        await startAs(b, { kind: 'replica', of: placeOf(c) })
        assert.equal(await ask(b, 'select pg_is_in_recovery()'), 'true', `after ${afterMs} ms`)
      }
      await promote(b, nobody, c)
      assert.equal(await commits(b, 5_000), true)
    })
  })
})

describe('a stop for an heir', lastTimeout, () => {
  test('leaves the heir nothing to miss, and the old one follows as it is', async () => {
    await withThree('heir', async (a, b, c) => {
      await confirm(a, any('db-2', 'db-3'))
      for (let at = 0; at < 20; at += 1) await commits(a, 5_000)
      const lsn = await stopForHeir({ ...withKeys(a), heir: 'db-2' })
      assert.ok(lsn !== null)
      assert.equal(await lookAt(a.nodeDirectory), 'dead')
      const questions = new MemberQuestions({ ...withKeys(b), withTerm: false })
      const answer = await questions.ask(2_000)
      questions.close()
      assert.ok((answer?.replayLsn ?? 0n) > lsn, 'the heir has the record of the shutdown')
      await promote(b, nobody, a, c)
      await startAs(a, { kind: 'replica', of: placeOf(b) })
      await follow(c, b)
      assert.equal(await commits(b, 5_000), true)
      for (const one of [a, c]) await untilCaughtUp(one, b)
      assert.equal(
        await ask(a, 'select count(*) from pg_replication_slots'),
        '0',
        'its slots are gone',
      )
    })
  })

  test('does not wait for a replica that is frozen', async () => {
    await withThree('heir-frozen', async (a, b, c) => {
      await freeze(processesOf(c))
      const filler = "insert into f select repeat('x', 1000) from generate_series(1, 40000)"
      const client = await connect(a)
      await client.query('create table f (x text)')
      await client.query(filler)
      await client.query('checkpoint')
      await client.end()
      await untilCaughtUp(b, a)
      const begun = performance.now()
      const lsn = await stopForHeir({ ...withKeys(a), heir: 'db-2' })
      assert.ok(lsn !== null, 'it was stopped in order')
      assert.ok(performance.now() - begun < 4_000)
      assert.equal(await ask(b, 'select count(*) from f'), '40000')
    })
  })

  test('is bounded when the heir itself is frozen', async () => {
    await withThree('frozen-heir', async (a, b) => {
      await freeze(processesOf(b))
      const client = await connect(a)
      await client.query('create table f as select generate_series(1, 200000) x')
      await client.end()
      const begun = performance.now()
      const lsn = await stopForHeir({ ...withKeys(a), heir: 'db-2', timeoutMs: 1_000 })
      assert.ok(performance.now() - begun < 4_000)
      assert.equal(await lookAt(a.nodeDirectory), 'dead')
      const questions = new MemberQuestions({ ...withKeys(b), withTerm: false })
      assert.equal(await questions.ask(200), null, 'who stands still gives no answer')
      questions.close()
      await thaw(processesOf(b))
      await startAs(a, { kind: 'primary', confirming: nobody })
      await untilCaughtUp(b, a)
      assert.ok(lsn === null || lsn > 0n)
    })
  })
})

describe('a replica that does not run', lastTimeout, () => {
  test('is never started as a primary without a promotion', async () => {
    await withThree('unpromoted', async (a, b, c) => {
      await proveDead(a.nodeDirectory)
      await proveDead(b.nodeDirectory)
      await stopServer({ nodeDirectory: c.nodeDirectory, mode: 'fast', timeoutMs: 5_000 })
      for (const one of [b, c]) {
        const started = startAs(one, { kind: 'primary', confirming: nobody })
        await assert.rejects(started, code('BANYAN_PROMOTION_FAILED'))
        await startAs(one, { kind: 'replica', of: placeOf(a) })
        assert.equal(await ask(one, 'select pg_is_in_recovery()'), 'true')
      }
      await startAs(a, { kind: 'primary', confirming: nobody })
      assert.equal(await commits(a, 5_000), true)
      await untilCaughtUp(c, a)
    })
  })
})

describe('who cannot follow', lastTimeout, () => {
  test('a replica with WAL that the primary lacks says why, and a copy mends it', async () => {
    await withThree('forked', async (a, b, c) => {
      await proveDead(b.nodeDirectory)
      await commits(a, 5_000)
      await untilCaughtUp(c, a)
      await proveDead(a.nodeDirectory)
      // The one that has less is promoted, which nobody should do: the other one has more.
      await startAs(b, { kind: 'replica', of: placeOf(c) })
      await proveDead(c.nodeDirectory)
      await promote(b, nobody, c)
      for (let at = 0; at < 5; at += 1) await commits(b, 5_000)
      await startAs(c, { kind: 'replica', of: placeOf(b) })
      await until('its log says why', async () => (await whyNotFollowing(c.logFile)) !== null)
      const questions = new MemberQuestions({ ...withKeys(c), withTerm: false })
      assert.match(
        (await questions.ask(2_000))?.broken ?? '',
        /has WAL that the primary does not have/,
      )
      questions.close()
      await removeCluster(c.nodeDirectory)
      await copyCluster({ ...c, from: sourceOf(b) })
      await startAs(c, { kind: 'replica', of: placeOf(b) })
      await untilCaughtUp(c, b)
      assert.equal(await whyNotFollowing(c.logFile), null)
    })
  })

  test('a replica whose WAL the primary no longer has says so', async () => {
    await withThree('removed', async (a, b) => {
      await stopServer({ nodeDirectory: b.nodeDirectory, mode: 'fast', timeoutMs: 5_000 })
      const client = await connect(a)
      await client.query("select pg_drop_replication_slot('banyan_db_2')")
      for (let at = 0; at < 3; at += 1) {
        await client.query('insert into t default values')
        await client.query('select pg_switch_wal()')
        await client.query('checkpoint')
      }
      await ensureSlots(client, ['db-2'])
      await client.end()
      await startAs(b, { kind: 'replica', of: placeOf(a) })
      await until('its log says why', async () => (await whyNotFollowing(b.logFile)) !== null)
      assert.match((await whyNotFollowing(b.logFile)) ?? '', /no longer has the WAL/)
    })
  })
})

describe('what is seen of a server', lastTimeout, () => {
  let node: Node
  before(async () => {
    node = await startPrimary(join(root, 'life'))
  })
  after(async () => {
    await thaw(processesOf(node))
    await removeCluster(node.nodeDirectory)
  })

  test('running, frozen, orphaned, dead', async () => {
    assert.equal(await lookAt(node.nodeDirectory), 'running')
    await freeze(processesOf(node))
    assert.equal(await lookAt(node.nodeDirectory), 'frozen')
    await thaw(processesOf(node))
    await until('it runs again', async () => (await lookAt(node.nodeDirectory)) === 'running')
    const client = await connect(node)
    const busy = client.query('do $$ begin loop perform 1; end loop; end $$').catch(() => {})
    await sleep(100)
    const { pid } = (await findServer(node.nodeDirectory)) ?? { pid: 0 }
    process.kill(pid, 'SIGKILL')
    await until(
      'its orphans are seen',
      async () => (await lookAt(node.nodeDirectory)) === 'orphaned',
    )
    await proveDead(node.nodeDirectory)
    assert.equal(await lookAt(node.nodeDirectory), 'dead')
    await busy
  })

  test('its files of roles and passwords are for its own eyes', async () => {
    for (const name of ['banyan-role.conf', 'banyan-replicator.pgpass']) {
      const path = join(node.nodeDirectory, 'data', name)
      assert.equal(statSync(path).mode & 0o777, 0o600)
    }
    assert.doesNotMatch(readFileSync(node.logFile, 'utf8'), new RegExp(replicatorPassword))
  })
})
