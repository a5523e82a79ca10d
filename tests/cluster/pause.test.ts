import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeStatus } from '@banyan/control/api'
import { dataDirectoryOf } from '@banyan/control/postgres'
import { eventually, makeApp, type TestApp } from './support/banyan.ts'

/* `banyan pause` and `banyan resume`: a node that stands still, as if its machine hung. */

const modules = new URL('../../', import.meta.url).pathname
const web = `import { serve } from ${JSON.stringify(join(modules, 'packages/banyan/src/index.ts'))}
import pg from ${JSON.stringify(join(modules, 'node_modules/pg/esm/index.mjs'))}
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5 })
pool.on('error', () => {})
await pool.query('create table if not exists notes (id bigserial primary key)')
await serve(async (request, response) => {
  if (request.method !== 'POST') return response.end('here')
  const { rows } = await pool.query('insert into notes default values returning id')
  response.end(rows[0].id)
})
`

let app: TestApp
before(async () => {
  app = await makeApp({ 'web.mjs': web })
  const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(code, 0, stderr)
})
after(async () => await app.remove())

async function nodeOf(name: string): Promise<NodeStatus> {
  const { nodes } = (await app.json('status')) as { nodes: NodeStatus[] }
  return nodes.find((node) => node.name === name) ?? assert.fail(`there is no ${name}`)
}

async function codeOf(...words: string[]): Promise<unknown> {
  const { error } = (await app.json(...words)) as { error?: { code: string } }
  return error?.code
}

/** What a request gets that is given so long, or null. */
async function ask(method: 'GET' | 'POST', timeoutMs: number): Promise<string | null> {
  const options = { method, signal: AbortSignal.timeout(timeoutMs) }
  const response = await fetch(app.url, options).catch(() => null)
  return response === null ? null : await response.text()
}

/** The processes that work in a folder, with their states. */
async function statesIn(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
  const found = pids.filter((_pid, index) => places[index]?.startsWith(folder))
  return found.map((pid) => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text[text.lastIndexOf(')') + 2] ?? ''
  })
}

test('a paused web server is shown as paused on purpose, and answers what came meanwhile once it goes on', async () => {
  const { pid } = await nodeOf('web-1')
  assert.deepEqual(await app.json('pause', 'web'), { node: 'web-1' })
  const waiting = ask('GET', 20_000)
  assert.equal(await ask('GET', 300), null)
  const { health, sentence, pid: pausedPid } = await nodeOf('web-1')
  assert.deepEqual([health, pausedPid], ['failed', pid])
  assert.match(sentence, /web-1 .* paused on purpose, and "banyan resume web-1"/)
  const { stdout, code } = await app.banyan('resume', 'web-1')
  assert.deepEqual([code, stdout], [0, 'web-1 goes on.\n'])
  assert.equal(await waiting, 'here')
  await eventually(async () => (await nodeOf('web-1')).health === 'healthy' || null)
  assert.equal((await nodeOf('web-1')).pid, pid)
})

test('a paused database stands still with every process, and acknowledges nothing until it goes on', async () => {
  const data = await dataDirectoryOf(join(app.state, 'nodes/db-1'))
  assert.ok((await statesIn(data)).length > 5)
  await app.json('pause', 'primary')
  assert.deepEqual([...new Set(await statesIn(data))], ['T'])
  const waiting = ask('POST', 20_000)
  assert.equal(await ask('POST', 300), null)
  assert.match((await nodeOf('db-1')).sentence, /db-1 .* paused on purpose/)
  await app.json('resume', 'db-1')
  assert.ok(Number(await waiting) > 0)
  assert.ok(!(await statesIn(data)).includes('T'))
  await eventually(async () => (await nodeOf('db-1')).health === 'healthy' || null)
})

test('a control that comes after one that died knows of the pause, and starts nothing in its stead', async () => {
  const { pid } = await nodeOf('web-1')
  await app.json('pause', 'web-1')
  const controlFile = join(app.state, 'control.json')
  const before = JSON.parse(await readFile(controlFile, 'utf8')).pid as number
  process.kill(before, 'SIGKILL')
  await eventually(async () => {
    const next = JSON.parse(await readFile(controlFile, 'utf8')).pid as number
    return next !== before || null
  })
  const paused = await eventually(async () => {
    const node = await nodeOf('web-1')
    return node.sentence.includes('paused on purpose') ? node : null
  })
  assert.deepEqual([paused.health, paused.pid], ['failed', pid])
  await app.json('resume', 'web-1')
  await eventually(async () => (await nodeOf('web-1')).health === 'healthy' || null)
  assert.equal((await nodeOf('web-1')).pid, pid)
  assert.equal(await ask('GET', 5_000), 'here')
})

test('what is paused twice, or resumed without a pause, is no trouble', async () => {
  for (const word of ['pause', 'pause', 'resume', 'resume']) {
    assert.deepEqual(await app.json(word, 'web-1'), { node: 'web-1' })
  }
  assert.equal(await ask('GET', 5_000), 'here')
})

test('control and what there is not are refused, and a name is needed', async () => {
  assert.equal(await codeOf('pause', 'control'), 'BANYAN_USAGE_INVALID')
  assert.equal(await codeOf('resume', 'control'), 'BANYAN_USAGE_INVALID')
  assert.equal(await codeOf('pause', 'web-7'), 'BANYAN_NODE_UNKNOWN')
  assert.equal((await app.banyan('pause')).code, 2)
  assert.equal((await app.banyan('pause', 'web-7')).code, 1)
})

test('down stops what is paused as well, in order and at once', async () => {
  await app.json('pause', 'web-1')
  await app.json('pause', 'primary')
  const began = performance.now()
  const { code, stdout } = await app.banyan('down')
  assert.deepEqual([code, stdout], [0, 'Stopped: db-1, web-1. The data stays.\n'])
  assert.ok(performance.now() - began < 9_000, 'nobody waited for a time limit')
  const log = await readFile(join(app.state, 'logs/db-1.log'), 'utf8')
  assert.match(log.trimEnd().split('\n').at(-1) ?? '', /database system is shut down/)
  await sleep(200)
  assert.deepEqual(await app.leftovers(), [])
})

test('nothing can be paused where nothing runs', async () => {
  assert.equal(await codeOf('pause', 'web-1'), 'BANYAN_NOT_RUNNING')
  assert.equal(await codeOf('resume', 'web-1'), 'BANYAN_NOT_RUNNING')
})
