// Roles of real servers: who follows whom, whom commits wait for, and who takes over.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  findServer,
  proveDead,
  removeCluster,
  stopForHeir,
  stopServer,
  writeRole,
} from '@banyan/control/postgres'
import { freeze, thaw } from '../../packages/control/src/sites/freeze.ts'
import { ask, code, root } from './postgres-node.ts'
import { lastTimeout, until, untilCaughtUp } from './replica-asking.ts'
import {
  copyOf,
  type Node,
  placeOf,
  replicatorPassword,
  startAs,
  startPrimary,
} from './replica-nodes.ts'
import {
  any,
  commits,
  confirm,
  follow,
  nobody,
  processesOf,
  promote,
  withKeys,
  withThree,
} from './replica-three.ts'

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
