import './support/measured.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { controlMetrics, type MetricsTarget, processMetrics } from '@banyan/model'
import { eventually, plainConfig, type TestApp } from './support/banyan.ts'
import {
  bringUp,
  identityOf,
  killBoth,
  killKeeper,
  makeHeldApp,
  nextKeeper,
  type UnderLoad,
  underLoad,
} from './support/held.ts'

/*
 * Control's side of telemetry: the store that it keeps, what it says of itself, and that nothing of the app
 * depends on either.
 */

/** Every request is traced. */
const config = plainConfig.replace('data: {}', 'data: {}, telemetry: { traces: { share: 1 } }')

let app: TestApp
before(async () => {
  app = await makeHeldApp({ 'banyan.config.ts': config })
  await bringUp(app)
  await nextStore(null)
})
after(async () => await app.remove())

async function stateFile<Content>(name: string): Promise<Content> {
  return JSON.parse(await readFile(join(app.state, name), 'utf8')) as Content
}

/** The process that answers for the store, as it says itself; null while none does. */
async function askStore(): Promise<number | null> {
  const { port, token } = await stateFile<{ port: number; token: string }>('store.json')
  const answer = await fetch(`http://127.0.0.1:${port}/health`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(500),
  })
  return answer.status === 200 ? ((await answer.json()) as { pid: number }).pid : null
}

/** Returns once a store answers that is another one than before. */
async function nextStore(before: number | null): Promise<{ pid: number; ms: number }> {
  const began = performance.now()
  const pid = await eventually(async () => {
    const found = await askStore()
    return found === before ? null : found
  })
  return { pid, ms: Math.round(performance.now() - began) }
}

async function storePid(): Promise<number> {
  return (await nextStore(null)).pid
}

/** What control says of everything, as whoever reads `targets.json` finds it. */
async function controlText(): Promise<string> {
  const targets = await stateFile<MetricsTarget[]>('targets.json')
  const place = targets.find(({ labels }) => labels.node === 'control')?.targets[0]
  const token = await readFile(join(app.state, 'metrics.token'), 'utf8')
  const answer = await fetch(`http://${place}/-/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal(answer.status, 200)
  return await answer.text()
}

function assertNothingFailed(context: TestContext, result: UnderLoad): void {
  context.diagnostic(`${result.sent} requests, longest gap ${result.longestGapMs} ms`)
  assert.deepEqual({ failed: result.failed, lost: result.lost }, { failed: [], lost: [] })
}

test('targets.json lists what runs and says metrics, and each answers to the token', async () => {
  const targets = await eventually(async () => {
    const found = await stateFile<MetricsTarget[]>('targets.json')
    return found.length === 3 ? found : null
  })
  assert.deepEqual(
    targets.map(({ labels }) => [labels.node, labels.tier, labels.engine, labels.service]),
    [
      ['web-1', 'web', 'process', 'web'],
      ['control', 'telemetry', 'control', undefined],
      ['store', 'telemetry', 'store', undefined],
    ],
  )
  const token = await readFile(join(app.state, 'metrics.token'), 'utf8')
  for (const { targets: places, labels } of targets) {
    const url = `http://${places[0]}/-/metrics`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    assert.equal(answer.status, 200, `${labels.node} answers ${answer.status}`)
    assert.match(await answer.text(), /^process_cpu_time_seconds_total\{/m, labels.node)
    assert.notEqual((await fetch(url)).status, 200, `${labels.node} asks for no token`)
  }
})

/** What takes a replica, a slot, a promotion or a HAProxy to be there. */
const ofHigherRungs = [
  'banyan_replication_lag_bytes',
  'banyan_slot_wal_bytes',
  'banyan_promotion_seconds',
  'banyan_balancer_server_requests_total',
]

test('control says every metric that there can be on one server', async () => {
  const text = await controlText()
  const wanted = [...controlMetrics, ...processMetrics]
    .map(({ name }) => name)
    .filter((name) => !ofHigherRungs.includes(name))
  const missing = wanted.filter((name) => !new RegExp(`^${name}[{ ]`, 'm').test(text))
  assert.deepEqual(missing, [])
  assert.match(text, /^banyan_node_up\{node="db-1".*health="healthy"\} 1$/m)
  const secrets = Object.values(await stateFile<Record<string, string>>('secrets.json'))
  assert.deepEqual(
    secrets.filter((secret) => text.includes(secret)),
    [],
  )
})

test('two readers within a second cost one look', async () => {
  // No two looks say the same: the time since control began is in each. On a busy machine two may come apart.
  await eventually(async () => {
    const [one, other] = await Promise.all([controlText(), controlText()])
    return one === other ? true : null
  })
})

test('a store that gets SIGKILL is back, and the app does not notice', async (context) => {
  const pid = await storePid()
  const result = await underLoad(app, async () => {
    process.kill(pid, 'SIGKILL')
    context.diagnostic(`back after ${(await nextStore(pid)).ms} ms`)
  })
  assertNothingFailed(context, result)
})

test('a store that stands still is ended and replaced, and the app does not notice', async (context) => {
  const pid = await storePid()
  const result = await underLoad(app, async () => {
    process.kill(pid, 'SIGSTOP')
    context.diagnostic(`replaced after ${(await nextStore(pid)).ms} ms`)
  })
  assertNothingFailed(context, result)
})

test('the next control takes over the store that runs', async () => {
  const pid = await storePid()
  await nextKeeper(app, 'control', await killKeeper(app, 'control'))
  await eventually(async () => ((await app.json('status')).url === app.url ? true : null))
  // Longer than it takes to end one that gives no answer.
  await sleep(1_500)
  assert.equal(await askStore(), pid)
  process.kill(pid, 'SIGKILL')
  await nextStore(pid)
})

test('a database that stands still costs its own numbers only', async (context) => {
  const { db } = await pidsOf()
  process.kill(db, 'SIGSTOP')
  try {
    await sleep(1_000)
    const began = performance.now()
    const text = await controlText()
    const ms = performance.now() - began
    assert.match(text, /^banyan_node_up\{node="web-1"/m)
    context.diagnostic(`control answered after ${Math.round(ms)} ms`)
    // Far below the 3 s after which a connection to it is given up, with room for a busy machine.
    assert.ok(ms < 2_800, `it took ${Math.round(ms)} ms`)
  } finally {
    process.kill(db, 'SIGCONT')
  }
  await eventually(async () =>
    /^postgresql_commits_total/m.test(await controlText()) ? true : null,
  )
})

async function pidsOf(): Promise<{ db: number }> {
  const run = await stateFile<{ identity: { pid: number } }>('nodes/db-1/run.json')
  return { db: run.identity.pid }
}

/** Whoever takes the port of a store that is away, says yes to everything, and hears it all. */
async function strangerAt(port: number) {
  const heard: string[] = []
  const server = createServer(async (request, response) => {
    for await (const piece of request) heard.push(String(piece))
    response.end('{}')
  })
  await eventually(async () => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  })
  return { heard, server }
}

test('spans follow the store to another port, and are not told to who took the old one', async () => {
  const { port, token } = await stateFile<{ port: number; token: string }>('store.json')
  const [store, { pid: control }] = [await storePid(), await identityOf(app, 'control')]
  // It stands still, so that no store is back before the stranger is there.
  process.kill(control, 'SIGSTOP')
  process.kill(store, 'SIGKILL')
  const { heard, server } = await strangerAt(port).finally(() => process.kill(control, 'SIGCONT'))
  try {
    const now = await eventually(async () => {
      const found = await stateFile<{ port: number }>('store.json')
      const told = await readFile(join(app.state, 'nodes', 'web-1', 'system.json'), 'utf8')
      return told.includes(`:${found.port}"`) && found.port !== port ? found : null
    })
    const traceId = 'c3'.repeat(16)
    const traceparent = `00-${traceId}-${'d'.repeat(16)}-01`
    await eventually(async () => {
      await (await fetch(app.url, { headers: { traceparent } })).text()
      const headers = { authorization: `Bearer ${token}` }
      const found = await fetch(`http://127.0.0.1:${now.port}/traces/${traceId}`, { headers })
      return found.status === 200 && /web-1/.test(await found.text()) ? true : null
    })
    assert.deepEqual(
      heard.filter((text) => text.includes(traceId)),
      [],
    )
  } finally {
    server.close()
    server.closeAllConnections()
  }
})

test('what everybody left who was killed is ended by down, the store too', async () => {
  await killBoth(app)
  assert.notEqual(await askStore(), null)
  const { code, stdout } = await app.banyan('down')
  assert.equal(code, 0, stdout)
  assert.deepEqual(await app.leftovers(), [])
})

test('the store has its old port again, down ends it, and destroying says that it is deleted', async () => {
  const { port } = await stateFile<{ port: number }>('store.json')
  await bringUp(app)
  await nextStore(null)
  assert.equal((await stateFile<{ port: number }>('store.json')).port, port)
  const { code, stdout } = await app.banyan('down', '--destroy', '--yes')
  assert.equal(code, 0, stdout)
  assert.match(stdout, /\/store {2}\(what was measured/)
  assert.deepEqual(await app.leftovers(), [])
})
