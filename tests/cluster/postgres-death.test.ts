import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCluster, proveDead, removeCluster, startServer } from '@banyan/control/postgres'
import { processesIn } from '../../packages/control/src/engines/postgres/processes.ts'
import { ask, connect, describeServer, type Server } from './postgres-node.ts'

describe('the death of the postmaster under load', () => {
  test('is over only when no backend lives, and every acknowledged write is there', async (t) => {
    const server = { ...(await describeServer()), settings: {}, durable: true }
    await createCluster(server)
    try {
      let { pid } = await startServer(server)
      await ask(
        server,
        'create table acknowledged (writer int, number int, primary key (writer, number))',
      )
      for (let round = 0; round < 5; round++) {
        const load = startWriters(server, 8, round * 100)
        await load.reached(100)
        process.kill(pid, 'SIGKILL')
        const killed = performance.now()
        assert.ok((await orphansOf(server)) > 0, 'busy backends outlive their postmaster')
        assert.ok((await orphansOf(server)) > 0, 'and do so for a while')
        await proveDead(server.nodeDirectory)
        assert.equal(await orphansOf(server), 0)
        const proved = performance.now()
        pid = (await startServer(server)).pid
        const back = performance.now()
        const acknowledged = await load.end()
        const missing = await countMissing(server, acknowledged)
        assert.equal(
          missing,
          0,
          `${missing} of ${acknowledged.length} acknowledged writes are lost`,
        )
        t.diagnostic(
          `${acknowledged.length} writes; dead after ${Math.round(proved - killed)} ms, accepting ${Math.round(back - proved)} ms later`,
        )
      }
    } finally {
      await removeCluster(server.nodeDirectory)
    }
  })

  async function orphansOf(server: Server): Promise<number> {
    return (await processesIn(join(server.nodeDirectory, 'data'))).length
  }

  /**
   * Writers that stay on their connection until it breaks, and remember what was acknowledged. Every
   * other one keeps its backend busy: such a backend does not notice that its postmaster is gone.
   */
  function startWriters(server: Server, count: number, first: number) {
    const acknowledged: [number, number][] = []
    const writers = Array.from({ length: count }, async (_, index) => {
      const client = await connect(server)
      const writer = first + index
      for (let number = 0; ; number++) {
        const sql =
          index % 2 === 0
            ? 'insert into acknowledged values ($1, $2)'
            : 'insert into acknowledged select $1, $2 from (select count(*) from generate_series(1, 2000000)) busy'
        const done = await client.query(sql, [writer, number]).then(
          () => true,
          () => false,
        )
        if (!done) return
        acknowledged.push([writer, number])
      }
    })
    return {
      reached: async (count: number) => {
        while (acknowledged.length < count) await sleep(5)
      },
      end: async () => {
        await Promise.all(writers)
        return acknowledged
      },
    }
  }

  async function countMissing(server: Server, facts: readonly [number, number][]): Promise<number> {
    const client = await connect(server)
    const sql = `select count(*)::int as missing from unnest($1::int[], $2::int[]) fact (writer, number)
      where not exists (select from acknowledged a where (a.writer, a.number) = (fact.writer, fact.number))`
    const columns = [facts.map(([writer]) => writer), facts.map(([, number]) => number)]
    const { rows } = await client.query(sql, columns)
    await client.end()
    return rows[0].missing
  }
})
