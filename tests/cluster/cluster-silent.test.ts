import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BanyanError } from 'banyan'
import { type ClusterData, makeNotes, openClusterData } from './support/cluster-data.ts'
import { startMembers, type TestMembers } from './support/members.ts'

/* A host that is gone without a word: connections stay open, and nothing is answered on them. */

let cluster: TestMembers
let opened: ClusterData
before(async () => {
  cluster = await startMembers({ replicas: 1, synchronous: false })
  await makeNotes(cluster)
  opened = await openClusterData(cluster)
})
after(async () => {
  await opened?.close()
  await cluster?.thaw('db-1').catch(() => {})
  await cluster?.stop()
})

const write = async (id: string): Promise<unknown> =>
  await opened.data.of('a').write`insert into notes (id) select ${id} from pg_sleep(0.1)`

/** How long a write took to be refused because the database is away. */
async function refusedAfterMs(id: string): Promise<number> {
  const began = performance.now()
  await assert.rejects(write(id), (error) => {
    return BanyanError.is(error) && error.code === 'BANYAN_DATABASE_UNAVAILABLE'
  })
  return performance.now() - began
}

test('who waits for a connection to a silent primary is held for its 5 s, not as long as for a busy one', async () => {
  const names = (word: string) => Array.from({ length: 20 }, (_, at) => `${word}-${at}`)
  await Promise.all(names('first').map(write))
  await cluster.freeze('db-1')
  // Every connection is one of theirs, with an answer that never comes.
  const stuck = Promise.allSettled(names('stuck').map(write))
  const waitedMs = await refusedAfterMs('late')
  assert.ok(waitedMs < 8_000, `refused after ${Math.round(waitedMs)} ms`)
  assert.ok(waitedMs > 3_000, `refused after ${Math.round(waitedMs)} ms already`)
  await cluster.promote('db-2')
  await write('second')
  await stuck
})
