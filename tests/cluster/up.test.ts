import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, makeApp, type TestApp } from './support/banyan.ts'
import { killBoth, killKeeper, nextKeeper, untilNodes } from './support/held.ts'

let app: TestApp
before(async () => {
  app = await makeApp()
})
after(async () => await app.remove())

type Node = { name: string; health: string; pid: number | null; role: string; address: string }

async function nodes(): Promise<Node[]> {
  return (await app.json('status')).nodes as Node[]
}

test('status of a folder where nothing was started says so and succeeds', async () => {
  const { code, stdout } = await app.banyan('status', '--json')
  assert.equal(code, 0)
  const status = JSON.parse(stdout)
  assert.deepEqual([status.nodes, status.rungs, status.url], [[], [], null])
})

test('up --detach returns when the app answers, and the app goes on', async () => {
  const { code, stdout, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(code, 0, stderr)
  assert.match(stdout, new RegExp(app.url))
  assert.match(stdout, /Ready in [\d.]+ m?s/)
  assert.ok(!stdout.includes('\u001b'), 'no colours in a pipe')
  assert.equal((await fetch(app.url, { method: 'POST' })).status, 200)
})

test('status names every node with role, health, address and process', async () => {
  const status = await app.json('status')
  assert.deepEqual(status.rungs, ['single'])
  assert.equal(status.url, app.url)
  assert.equal(status.climb, null)
  const found = (status.nodes as Node[]).map(({ name, role, health }) => [name, role, health])
  assert.deepEqual(found, [
    ['db-1', 'primary', 'healthy'],
    // The app does not call serve, so that the gateway is the entry.
    ['gateway-1', 'entry', 'healthy'],
    ['web-1', 'web', 'healthy'],
  ])
  for (const { pid } of status.nodes as Node[]) assert.doesNotThrow(() => process.kill(pid ?? 0, 0))
  assert.match(String(status.sentence), /3 of 3 nodes are healthy/)
})

test('a second up is refused and says where the first one is', async () => {
  const { code, stdout } = await app.banyan('up', '--json')
  const { error } = JSON.parse(stdout)
  assert.equal(code, 1)
  assert.equal(error.code, 'BANYAN_ALREADY_RUNNING')
  assert.equal(error.details.url, app.url)
})

test('secrets stay in files that only their owner can read, and out of logs, status and arguments', async () => {
  const { mode } = await stat(join(app.state, 'secrets.json'))
  assert.equal(mode & 0o777, 0o600)
  for (const name of ['nodes/web-1/system.json', 'control.json', 'system.json']) {
    assert.equal((await stat(join(app.state, name))).mode & 0o777, 0o600, name)
  }
  const secrets = Object.values(JSON.parse(await readFile(join(app.state, 'secrets.json'), 'utf8')))
  const places = await Promise.all([
    readFile(join(app.state, 'control.log'), 'utf8'),
    readFile(join(app.state, 'logs/db-1.log'), 'utf8'),
    readFile(join(app.state, 'logs/web-1.log'), 'utf8'),
    app.banyan('status', '--json').then(({ stdout }) => stdout),
    app.leftovers().then((processes) => processes.join('\n')),
  ])
  for (const secret of secrets) {
    for (const text of places) assert.ok(!text.includes(String(secret)))
  }
})

test('sql runs statements as the app, prints a table, and JSON where asked', async () => {
  const { stdout } = await app.banyan('sql', "select 1 as one, 'a' as two")
  assert.match(stdout, / one \| two\n-----\+-----\n {3}1 \| a\n\(1 row\)/)
  const json = await app.json('sql', 'select 1 as one, null as two, true as three')
  assert.deepEqual(json, { columns: ['one', 'two', 'three'], rows: [[1, null, true]], rowCount: 1 })
  const failed = await app.banyan('sql', 'select nope', '--json')
  assert.equal(failed.code, 1)
  assert.equal(JSON.parse(failed.stdout).error.details.sqlstate, '42703')
})

test('logs shows what a node printed, and names the logs that exist', async () => {
  const { stdout } = await app.banyan('logs', 'web-1', '--lines', '1')
  assert.match(stdout, /web-1 +. listening/)
  const { error } = (await app.json('logs', 'web-2')) as { error: { code: string; hint: string } }
  assert.equal(error.code, 'BANYAN_NODE_UNKNOWN')
  assert.match(error.hint, /Did you mean web-1\?.*db-1, gateway-1, web-1, control/)
})

test('kill of an unknown node lists the nodes', async () => {
  const { error } = (await app.json('kill', 'web-9')) as { error: { code: string; hint: string } }
  assert.equal(error.code, 'BANYAN_NODE_UNKNOWN')
  assert.match(error.hint, /db-1, gateway-1, web-1/)
})

test('plan says what a climb would do and does nothing', async () => {
  const before = await app.leftovers()
  const planned = (await app.json('plan')) as { to: string[]; steps: unknown[] }
  assert.deepEqual(planned.to, ['single'])
  assert.deepEqual(planned.steps, [], 'it is reached already')
  assert.deepEqual(await app.leftovers(), before)
})

test('after SIGKILL of control the app serves, and the next control takes over the same processes', async () => {
  const before = await nodes()
  const last = await killKeeper(app, 'control')
  assert.equal((await fetch(app.url)).status, 200)
  await nextKeeper(app, 'control', last)
  const of = (all: Node[]) => all.map(({ name, pid, health }) => [name, pid, health])
  await untilNodes(app, of(before))
})

test('after SIGKILL of control and its holder the app serves, status tells, and up takes over the same processes', async () => {
  const before = await nodes()
  await killBoth(app)
  await eventually(async () => {
    const { sentence } = await app.json('status')
    return (
      /Control does not run, but db-1, gateway-1 and web-1 still run/.test(String(sentence)) || null
    )
  })
  assert.equal((await fetch(app.url)).status, 200)
  const { code, stderr } = await app.banyan('up', '--detach')
  assert.equal(code, 0, stderr)
  const pids = (all: Node[]) => all.map(({ name, pid, health }) => [name, pid, health])
  assert.deepEqual(pids(await nodes()), pids(before))
})

test('an adopted node that dies comes back as well', async () => {
  const web = (await nodes()).at(-1)
  process.kill(web?.pid ?? 0, 'SIGKILL')
  await eventually(async () => {
    const now = (await nodes()).at(-1)
    return now?.health === 'healthy' && now.pid !== web?.pid ? now : null
  })
})

test('a changed service is started anew by up --release alone, the database stays', async () => {
  const before = await nodes()
  await killBoth(app)
  await app.write(
    'banyan.config.ts',
    "export default { name: 'tiny', services: { web: { run: 'node web.mjs', routes: ['/'], env: { COLOUR: 'red' } } }, data: {} }",
  )
  const restarted = await app.banyan('up', '--detach')
  assert.equal(restarted.code, 0, restarted.stderr)
  assert.match(restarted.stdout, /up --release|banyan release/)
  assert.equal((await nodes()).at(-1)?.pid, before.at(-1)?.pid)
  await killBoth(app)
  const { code, stderr } = await app.banyan('up', '--release', '--detach')
  assert.equal(code, 0, stderr)
  const now = await nodes()
  assert.equal(now[0]?.pid, before[0]?.pid)
  assert.notEqual(now.at(-1)?.pid, before.at(-1)?.pid)
  const environment = await readFile(`/proc/${now.at(-1)?.pid}/environ`, 'utf8')
  assert.ok(environment.split('\0').includes('COLOUR=red'))
})

test('down stops everything, status still knows the nodes, and the data is there after the next up', async () => {
  const ids = await (await fetch(app.url)).json()
  const { code } = await app.banyan('down')
  assert.equal(code, 0)
  assert.deepEqual(await app.leftovers(), [])
  const status = await app.json('status')
  assert.deepEqual(status.rungs, ['single'])
  assert.deepEqual(
    (status.nodes as Node[]).map(({ health }) => health),
    ['stopped', 'stopped', 'stopped'],
  )
  assert.equal((await app.banyan('up', '--detach')).code, 0)
  assert.deepEqual(await (await fetch(app.url)).json(), ids)
})

test('up stays in the foreground, shows log lines, and Ctrl-C stops everything', async () => {
  assert.equal((await app.banyan('down')).code, 0)
  const running = app.start('up')
  await running.until(/web-1 +. listening/)
  running.child.kill('SIGINT')
  const { code, stdout } = await running.ended
  assert.equal(code, 0)
  assert.match(stdout, /Everything is stopped; the data stays\./)
  assert.deepEqual(await app.leftovers(), [])
})

test('an up that stays says so when control and its holder die, and exits with 1', async () => {
  const running = app.start('up')
  await running.until(/Ready in/)
  await killBoth(app)
  const { code, stderr } = await running.ended
  assert.equal(code, 1)
  assert.match(stderr, /control process ended unexpectedly/)
  assert.equal((await fetch(app.url)).status, 200, 'the app serves without control')
})

test('down stops what a dead control left running', async () => {
  assert.notDeepEqual(await app.leftovers(), [])
  const { code, stdout } = await app.banyan('down')
  assert.equal(code, 0)
  for (const name of ['db-1', 'gateway-1', 'web-1'])
    assert.match(stdout, new RegExp(`Stopped: .*${name}`))
  assert.deepEqual(await app.leftovers(), [])
})

test('down --destroy says what it would delete and deletes it only when told so', async () => {
  const refused = await app.banyan('down', '--destroy')
  assert.equal(refused.code, 1)
  assert.match(refused.stdout, /the data of db-1, \d+ MB/)
  assert.match(refused.stderr, /--yes/)
  assert.ok((await stat(app.state)).isDirectory())
  assert.equal((await app.banyan('down', '--destroy', '--yes')).code, 0)
  await assert.rejects(stat(app.state), { code: 'ENOENT' })
})
