import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLoad } from '@banyan/testing'
import { eventually, makeApp, type TestApp } from './support/banyan.ts'

/*
 * Wall-clock times are recorded, never asserted: on a busy machine they say nothing. What fails is an
 * acknowledged write that is lost, and a node that is not back after 20 s.
 */

let app: TestApp
before(async () => {
  app = await makeApp()
  const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(code, 0, stderr)
})
after(async () => await app.remove())

async function write(): Promise<number> {
  const response = await fetch(app.url, {
    method: 'POST',
    signal: AbortSignal.timeout(5_000),
    headers: { connection: 'close' },
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(text)
  return Number(text)
}

/** How long it takes from the kill until a write is acknowledged again. */
async function timeToWrite(): Promise<number> {
  const began = performance.now()
  await eventually(write)
  return Math.round(performance.now() - began)
}

async function assertAllThere(acknowledged: readonly { readonly value: number }[]): Promise<void> {
  const there = new Set(((await (await fetch(app.url)).json()) as string[]).map(Number))
  const lost = acknowledged.filter(({ value }) => !there.has(value))
  assert.deepEqual(
    lost,
    [],
    `${lost.length} of ${acknowledged.length} acknowledged writes are lost`,
  )
  assert.ok(acknowledged.length > 100, `only ${acknowledged.length} writes were acknowledged`)
}

for (const name of ['web-1', 'primary']) {
  test(`${name} comes back after each of five SIGKILLs under load, and every acknowledged write is there`, async (context) => {
    const load = startLoad({ rate: 100, send: write })
    const backAfterMs: number[] = []
    for (let round = 0; round < 5; round += 1) {
      await sleep(500)
      const killed = await app.json('kill', name)
      assert.ok(Number(killed.pid) > 0, JSON.stringify(killed))
      backAfterMs.push(await timeToWrite())
    }
    const { sent, acknowledged, failed } = await load.stop()
    context.diagnostic(
      `${name}: back after ${backAfterMs.join(', ')} ms; sent ${sent}, acknowledged ${acknowledged.length}, failed ${failed.length}`,
    )
    await assertAllThere(acknowledged)
    await eventually(async () => {
      const { nodes } = (await app.json('status')) as { nodes: { health: string }[] }
      return nodes.every(({ health }) => health === 'healthy') || null
    })
  })
}

test('a backend that gets SIGKILL under load costs no acknowledged write', async () => {
  const load = startLoad({ rate: 100, send: write })
  await sleep(500)
  const { rows } = (await app.json(
    'sql',
    "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1",
  )) as { rows: number[][] }
  process.kill(rows[0]?.[0] ?? 0, 'SIGKILL')
  await sleep(200)
  await timeToWrite()
  await sleep(1_000)
  const { acknowledged } = await load.stop()
  await assertAllThere(acknowledged)
})

test('everything at once gets SIGKILL, and the next up starts from the files', async () => {
  const load = startLoad({ rate: 100, send: write })
  await sleep(1_500)
  // Again and again: whoever is killed later may have started somebody anew.
  await eventually(async () => {
    const left = await app.leftovers()
    for (const line of left) {
      try {
        process.kill(Number(line.split(' ')[0]), 'SIGKILL')
      } catch {
        // A process of PostgreSQL may end before its turn, because another one did.
      }
    }
    return left.length === 0 ? true : null
  })
  const { acknowledged } = await load.stop()
  const { code, stderr } = await app.banyan('up', '--detach')
  assert.equal(code, 0, stderr)
  await assertAllThere(acknowledged)
})

test('a process that a service left behind is ended before the service is started again', async () => {
  const { nodes } = (await app.json('status')) as { nodes: { name: string; pid: number }[] }
  const web = nodes.find(({ name }) => name === 'web-1')
  assert.ok(web)
  await app.banyan('down')
  // A wrapper that dies alone leaves the real server behind, and with it the port.
  await app.write(
    'wrapper.mjs',
    "import { spawn } from 'node:child_process'\nspawn(process.execPath, ['web.mjs'], { stdio: 'inherit', detached: true })\nsetInterval(() => {}, 1000)",
  )
  await app.write(
    'banyan.config.ts',
    "export default { name: 'tiny', services: { web: { run: 'node wrapper.mjs', routes: ['/'] } }, data: {} }",
  )
  assert.equal((await app.banyan('up', '--detach')).code, 0)
  const wrapper = ((await app.json('status')) as { nodes: { name: string; pid: number }[] })
    .nodes[1]
  process.kill(wrapper?.pid ?? 0, 'SIGKILL')
  await eventually(async () => {
    const { nodes: now } = (await app.json('status')) as {
      nodes: { pid: number; health: string }[]
    }
    return (now[1]?.health === 'healthy' && now[1].pid !== wrapper?.pid) || null
  })
  const servers = (await app.leftovers()).filter((one) => / web\.mjs$/.test(one))
  assert.equal(servers.length, 1, servers.join('\n'))
})
