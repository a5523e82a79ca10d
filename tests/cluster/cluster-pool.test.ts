import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { Client, Pool } from 'banyan/pg'
import {
  type ClusterData,
  countMissing,
  makeNotes,
  openClusterData,
} from './support/cluster-data.ts'
import { startMembers, type TestMembers } from './support/members.ts'
import { until } from './support/until.ts'

/** The environment that a service gets, for as long as something runs. */
function inEnvironment(values: Readonly<Record<string, string | undefined>>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const)
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  for (const [name, value] of Object.entries(values)) set(name, value)
  return () => {
    for (const [name, value] of before) set(name, value)
  }
}

/** As long as it takes to promote somebody on a machine that has much else to do. */
const hold = { timeMs: 60_000 }

describe('a drop-in pool when its server goes', () => {
  let cluster: TestMembers
  let opened: ClusterData
  let restore: () => void
  let pool: InstanceType<typeof Pool>
  before(async () => {
    cluster = await startMembers({ replicas: 1, synchronous: false })
    await makeNotes(cluster)
    opened = await openClusterData(cluster)
    const DATABASE_URL = cluster.member('db-1').appUrl
    restore = inEnvironment({ BANYAN_SYSTEM: opened.path, DATABASE_URL })
    pool = new Pool({ hold })
  })
  after(async () => {
    await pool?.end()
    restore?.()
    await opened?.close()
    await cluster?.stop()
  })

  const prepared = { name: 'add', text: 'insert into notes (id) values ($1) returning host, port' }

  it('goes on at the promoted one, also with prepared statements', async () => {
    const named = new Pool({ connectionString: process.env['DATABASE_URL'], hold })
    const direct = new Pool({ connectionString: cluster.member('db-2').appUrl, max: 1 })
    const listener = new Client()
    await listener.connect()
    await listener.query('listen news')
    const told = once(listener, 'error')
    // The last words of the server come first, and then that the connection is gone.
    listener.on('error', () => {})
    const long = await pool.connect()
    await long.query("begin; insert into notes (id) values ('long')")
    await pool.query({ ...prepared, values: ['before'] })
    await named.query({ ...prepared, values: ['before, named'] })
    await cluster.untilReplayed('db-2')
    await cluster.kill('db-1')
    // What is given to a connection whose end has not been heard of is lost with it, as documented.
    await until(() => pool.idleCount + named.idleCount === 0, 'the pools hear of it')
    const writes = ['one', 'two', 'three'].map((id) => pool.query({ ...prepared, values: [id] }))
    writes.push(named.query({ ...prepared, values: ['four'] }))
    const [written] = await Promise.all([Promise.all(writes), cluster.promote('db-2')])
    const { host, port } = cluster.member('db-2')
    for (const { rows } of written) assert.deepEqual(rows, [{ host, port }])
    await assert.rejects(long.query('commit'), 'what was in a transaction is lost with it')
    long.release(true)
    assert.ok((await told)[0] instanceof Error, 'who listens hears that the connection is gone')
    const again = new Client()
    await again.connect()
    assert.equal((await again.query('select inet_server_port() as p')).rows[0].p, port)
    await again.end()
    assert.equal(await countMissing(cluster, ['before', 'before, named', 'one', 'four']), 0)
    assert.equal(await countMissing(cluster, ['long']), 1)
    await Promise.all([named.end(), direct.end()])
  })

  it('follows although the server in its environment is no member any more', async () => {
    await opened.rewrite(cluster.runtimeFile(['db-2']))
    const late = new Pool()
    const { rows } = await late.query({ ...prepared, values: ['late'] })
    assert.equal(rows[0].port, cluster.member('db-2').port)
    await late.end()
  })
})
