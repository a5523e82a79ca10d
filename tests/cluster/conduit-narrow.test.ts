import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { apiSuite } from '../../apps/conduit/src/testing/api-suite.ts'
import { startOnBanyan } from './conduit-system.ts'

// A statement of Conduit in the scope of one key that has to do with another would fail here.
apiSuite('Conduit in narrow mode', async () => {
  const running = await startOnBanyan({ narrow: true })
  const stray = running.data.of(randomUUID()).write`
    insert into follows (follower_id, followee_id) values (${randomUUID()}, ${randomUUID()})`
  await assert.rejects(stray, { code: 'BANYAN_WRONG_KEY' }, 'narrow mode is not on')
  return running
})
