import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startPostgres } from './postgres.ts'

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test('a server gives databases to an owner and an app, survives a kill, and goes without a trace', async () => {
  const postgres = await startPostgres({ settings: { application_name: 'asked for' } })
  try {
    const one = await postgres.createDatabase()
    const two = await postgres.createDatabase()
    assert.notEqual(one.name, two.name)
    await query(one.ownerUrl, 'create table t (a int primary key)')
    await query(one.appUrl, 'insert into t values (1)')
    await assert.rejects(query(one.appUrl, 'drop table t'), { code: '42501' })
    await assert.rejects(query(two.appUrl, 'select * from t'), { code: '42P01' })
    assert.deepEqual(await query(one.adminUrl, 'show application_name'), [
      { application_name: 'asked for' },
    ])
    const { pid } = postgres
    postgres.kill('SIGKILL')
    await postgres.restart()
    assert.notEqual(postgres.pid, pid)
    assert.deepEqual(await query(one.appUrl, 'select a from t'), [{ a: 1 }])
  } finally {
    await postgres.stop()
  }
  assert.equal(existsSync(postgres.nodeDirectory), false)
})

test('a server goes with a test that is killed', async () => {
  const script = `import { startPostgres } from '@banyan/testing'
    const postgres = await startPostgres()
    console.log(JSON.stringify(postgres))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  const { adminUrl, nodeDirectory } = JSON.parse(String(line))
  assert.deepEqual(await query(adminUrl, 'select 1 as one'), [{ one: 1 }])
  child.kill('SIGKILL')
  for (let tries = 0; existsSync(nodeDirectory) && tries < 200; tries++) await sleep(50)
  assert.equal(existsSync(nodeDirectory), false)
  await assert.rejects(query(adminUrl, 'select 1'), { code: 'ECONNREFUSED' })
})
