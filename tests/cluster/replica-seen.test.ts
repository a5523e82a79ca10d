// Real servers: what is seen of one, and who says that it can never follow.
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  copyCluster,
  ensureSlots,
  findServer,
  lookAt,
  MemberQuestions,
  proveDead,
  removeCluster,
  stopServer,
  whyNotFollowing,
} from '@banyan/control/postgres'
import { freeze, thaw } from '../../packages/control/src/sites/freeze.ts'
import { connect, root } from './postgres-node.ts'
import { lastTimeout, until, untilCaughtUp } from './replica-asking.ts'
import {
  type Node,
  placeOf,
  replicatorPassword,
  sourceOf,
  startAs,
  startPrimary,
} from './replica-nodes.ts'
import { commits, nobody, processesOf, promote, withKeys, withThree } from './replica-three.ts'

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
      const { rows } = await client.query('select pg_walfile_name(pg_current_wal_lsn()) as needed')
      // The slot of the third server keeps it for as long as that one is behind.
      await until('what it needs next is gone', async () => {
        await client.query('insert into t default values')
        await client.query('select pg_switch_wal()')
        await client.query('checkpoint')
        const sql = 'select from pg_ls_waldir() where name = $1'
        return (await client.query(sql, [rows[0].needed])).rowCount === 0
      })
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
