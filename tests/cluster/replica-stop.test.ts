// Real servers: a primary that stops for whoever takes over.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lookAt, MemberQuestions, stopForHeir } from '@banyan/control/postgres'
import { freeze, thaw } from '../../packages/control/src/sites/freeze.ts'
import { ask, connect } from './postgres-node.ts'
import { lastTimeout, untilCaughtUp } from './replica-asking.ts'
import { placeOf, startAs } from './replica-nodes.ts'
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
