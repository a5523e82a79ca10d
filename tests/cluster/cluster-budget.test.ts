import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  connectionsLeast,
  connectionsPerProcess,
  fitsIn,
} from '../../packages/control/src/drivers/connections.ts'
import { startMembers, type TestMembers } from './support/members.ts'
import { makeCounters } from './support/reading.ts'

/*
 * As many processes as a release runs for a moment, twice those of the system, each at its maximum, on servers
 * that let in no more than those need.
 */

const maxConnections = 24
const processes = 2
const durationMs = 4_000

describe('processes at their maximum', { timeout: 120_000 }, () => {
  let cluster: TestMembers
  let directory: string
  const children: ChildProcess[] = []

  before(async () => {
    const settings = {
      max_connections: String(maxConnections),
      log_min_messages: 'fatal',
      superuser_reserved_connections: '5',
    }
    cluster = await startMembers({ replicas: 2, settings })
    await makeCounters(cluster)
    directory = await mkdtemp(join(tmpdir(), 'banyan-budget-'))
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await cluster?.stop()
    if (directory !== undefined) await rm(directory, { recursive: true })
  })

  it('fit into every server, with those who watch and ask for positions', async (context) => {
    const least = connectionsLeast.watched
    assert.ok(fitsIn(maxConnections, processes, least))
    const connectionsMax = connectionsPerProcess(maxConnections, processes, least)
    const path = join(directory, 'system.json')
    const file = { ...cluster.runtimeFile(undefined, { connectionsMax }), sessionSecret: 's' }
    await writeFile(path, JSON.stringify(file), { mode: 0o600 })
    const reports = Array.from({ length: 2 * processes }, () => startBusy(path))
    const most = await countUntil(Promise.all(reports))
    for (const { done, failed } of await Promise.all(reports)) {
      assert.deepEqual(failed, [])
      assert.ok(done >= 4, `only ${done} requests were done`)
    }
    context.diagnostic(`${connectionsMax} each: ${JSON.stringify([...most])}`)
    for (const [name, { sessions, positions }] of most) {
      assert.ok(sessions <= 2 * processes * connectionsMax, `${sessions} sessions with ${name}`)
      assert.equal(positions, 2 * processes, `positions are asked for at ${name}`)
      const log = await readFile(cluster.member(name).logFile, 'utf8')
      assert.doesNotMatch(log, /too many clients|remaining connection slots/)
    }
  })

  async function startBusy(path: string): Promise<{ done: number; failed: string[] }> {
    const script = join(import.meta.dirname, 'support', 'busy-process.ts')
    const env = { ...process.env, BANYAN_SYSTEM: path, DATABASE_URL: '', LOG_LEVEL: 'silent' }
    const child = fork(script, [String(durationMs)], {
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    children.push(child)
    const [report] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('a process ended early'))),
    ])
    return report as { done: number; failed: string[] }
  }

  /** The most sessions of the app that each member had at once. */
  async function countUntil(over: Promise<unknown>) {
    const most = new Map<string, { sessions: number; positions: number }>()
    let isOver = false
    const ended = over.finally(() => {
      isOver = true
    })
    const counting = cluster.members.map(async ({ name }) => {
      const client = await cluster.connect(name)
      try {
        while (!isOver) {
          const { rows } = await client.query(countSql)
          const { sessions = 0, positions = 0 } = most.get(name) ?? {}
          most.set(name, {
            sessions: Math.max(sessions, rows[0].sessions),
            positions: Math.max(positions, rows[0].positions),
          })
          await sleep(5)
        }
      } finally {
        await client.end()
      }
    })
    await Promise.all([ended, ...counting])
    return most
  }
})

const countSql = `select count(*)::int as sessions,
    count(*) filter (where application_name = 'banyan positions')::int as positions
  from pg_stat_activity where usename = 'banyan_app'`
