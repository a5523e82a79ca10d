import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { Client } from 'pg'
import { dataDirectoryOf } from '../engines/postgres/placement.ts'
import { processesIn } from '../engines/postgres/processes.ts'
import { freeze, thaw } from '../sites/freeze.ts'
import { type HeartbeatTarget, startHeartbeat } from './heartbeat.ts'

let postgres: TestPostgres
let target: HeartbeatTarget
let adminUrl = ''
before(async () => {
  postgres = await startPostgres()
  const database = await postgres.createDatabase()
  adminUrl = database.adminUrl
  const { hostname, port, username, password, pathname } = new URL(database.ownerUrl)
  target = {
    host: hostname,
    port: Number(port),
    database: pathname.slice(1),
    user: username,
    password,
  }
})
after(async () => await postgres.stop())

const processes = async () => await processesIn(await dataDirectoryOf(postgres.nodeDirectory))

async function ask<Row extends object>(sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: adminUrl })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

/** How often the row was written, by the statistics of the server. */
async function beats(): Promise<number> {
  await sleep(1_100)
  const sql = `select (n_tup_ins + n_tup_upd)::int as n from pg_stat_user_tables
    where schemaname = 'banyan' and relname = 'heartbeat'`
  return (await ask<{ n: number }>(sql))[0]?.n ?? 0
}

test('a server that answers has pauses of milliseconds, and gets some 50 writes a second', async () => {
  const heartbeat = startHeartbeat(() => target)
  await sleep(2_000)
  const { longestPauseMs } = await heartbeat.stop()
  assert.ok(longestPauseMs > 0 && longestPauseMs < 2_000, `${longestPauseMs} ms`)
  const count = await beats()
  assert.ok(count >= 20 && count <= 110, `${count} writes`)
})

test('a server that stands still shows in the longest pause', async () => {
  const heartbeat = startHeartbeat(() => target)
  await sleep(300)
  const began = performance.now()
  await freeze(processes)
  await sleep(700)
  await thaw(processes)
  const pausedMs = performance.now() - began
  await sleep(300)
  const { longestPauseMs } = await heartbeat.stop()
  assert.ok(longestPauseMs > 650 && longestPauseMs < pausedMs + 1_500, `${longestPauseMs} ms`)
})

test('a pause longer than any answer is waited for is measured whole', async () => {
  const heartbeat = startHeartbeat(() => target)
  await sleep(300)
  await freeze(processes)
  await sleep(3_200)
  await thaw(processes)
  await sleep(1_500)
  const { longestPauseMs } = await heartbeat.stop()
  assert.ok(longestPauseMs > 3_100 && longestPauseMs < 4_500, `${longestPauseMs} ms`)
})

test('writes that wait for a lock are a pause', async () => {
  const heartbeat = startHeartbeat(() => target)
  await sleep(300)
  await ask('begin; lock table banyan.heartbeat; select pg_sleep(0.4); commit')
  await sleep(200)
  const { longestPauseMs } = await heartbeat.stop()
  assert.ok(longestPauseMs > 350 && longestPauseMs < 2_000, `${longestPauseMs} ms`)
})

test('a server that is killed and comes back is found again, and its absence is the pause', async () => {
  const heartbeat = startHeartbeat(() => target)
  await sleep(300)
  const began = performance.now()
  postgres.kill('SIGKILL')
  await sleep(400)
  await postgres.restart()
  const awayMs = performance.now() - began
  await sleep(500)
  const { longestPauseMs } = await heartbeat.stop()
  assert.ok(longestPauseMs > 300 && longestPauseMs < awayMs + 1_500, `${longestPauseMs} ms`)
})

test('whoever stops while nobody answers is told at once how long that has lasted', async () => {
  const heartbeat = startHeartbeat(() => target)
  await sleep(300)
  await freeze(processes)
  try {
    await sleep(500)
    const began = performance.now()
    const { longestPauseMs } = await heartbeat.stop()
    assert.ok(performance.now() - began < 1_500, 'stop() waits for nobody')
    assert.ok(longestPauseMs > 450 && longestPauseMs < 2_000, `${longestPauseMs} ms`)
  } finally {
    await thaw(processes)
  }
})

test('without any server it neither fails nor claims that there was no pause', async () => {
  const heartbeat = startHeartbeat(() => ({ ...target, port: 1 }))
  await sleep(400)
  const { longestPauseMs } = await heartbeat.stop()
  assert.ok(longestPauseMs > 300, `${longestPauseMs} ms`)
})

test('a role that may not write there neither ends it nor is taken for an answer', async () => {
  const { user, password } = { user: 'banyan_app', password: 'app' }
  const heartbeat = startHeartbeat(() => ({ ...target, user, password }))
  // Until it has connected there is no pause, and that takes a while on a busy machine.
  await sleep(1_500)
  const { longestPauseMs } = await heartbeat.stop()
  assert.ok(longestPauseMs > 200, `${longestPauseMs} ms`)
})
