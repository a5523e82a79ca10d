import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  adoptedConfig,
  adoptedFiles,
  ask,
  type ForeignServer,
  password,
  readingWeb,
  startForeign,
  startPooler,
  urlFor,
} from './support/adopted.ts'
import { makeApp, type TestApp } from './support/banyan.ts'
import { killBoth, killKeeper, nextKeeper } from './support/held.ts'

let foreign: ForeignServer
before(async () => {
  foreign = await startForeign()
})
after(() => foreign.postgres.stop())

type Node = { name: string; tier: string; health: string; pid: number | null; sentence: string }
type Report = { nodes: Node[]; sentence: string; error?: { code: string; message: string } }

const status = async (app: TestApp): Promise<Report> => (await app.json('status')) as Report

const dataNode = ({ nodes }: Report): Node => nodes.find(({ tier }) => tier === 'data') as Node

const get = async (url: string): Promise<unknown> => await (await fetch(url)).json()

async function up(app: TestApp): Promise<void> {
  const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(code, 0, stderr)
}

async function until(what: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await sleep(100)) {
    if (await what()) return
  }
  assert.fail('It did not come about in time.')
}

describe('a system whose database somebody else runs', () => {
  let app: TestApp
  before(async () => {
    app = await makeApp(adoptedFiles(foreign.url))
    await up(app)
  })
  after(async () => await app.remove())

  test('when the database goes away the services go on, status says so, and nobody starts it', async () => {
    const web = (await status(app)).nodes.find(({ name }) => name === 'web-1')
    foreign.postgres.kill('SIGQUIT')
    await until(async () => dataNode(await status(app)).health === 'failed')
    const away = await status(app)
    assert.match(dataNode(away).sentence, /is away: .*nobody listens.*Somebody else runs it/)
    assert.equal(away.sentence, dataNode(away).sentence)
    assert.equal(await get(`${app.url}/`), 'hello')
    assert.deepEqual(away.nodes.find(({ name }) => name === 'web-1')?.pid, web?.pid)
    await foreign.postgres.restart()
    await until(async () => dataNode(await status(app)).health === 'healthy')
    assert.deepEqual(await get(`${app.url}/orders`), [{ n: 10 }])
    assert.equal((await status(app)).nodes.find(({ name }) => name === 'web-1')?.pid, web?.pid)
  })

  test('a server that stops taking writes is said to, and healthy again when it takes them', async () => {
    const [row] = await ask(foreign.postgres.adminUrl, 'show config_file')
    const file = String(row?.config_file)
    const before = await readFile(file, 'utf8')
    const configure = async (text: string): Promise<void> => {
      await writeFile(file, text)
      await ask(foreign.postgres.adminUrl, 'select pg_reload_conf()')
    }
    try {
      await configure(`${before}\ndefault_transaction_read_only = on\n`)
      await until(async () => dataNode(await status(app)).health === 'failed')
      assert.match(dataNode(await status(app)).sentence, /it is set to read only/)
      await configure(before)
      await until(async () => dataNode(await status(app)).health === 'healthy')
    } finally {
      await configure(before)
    }
  })

  test('a control that was killed is followed by one that takes the services over, and watches again', async () => {
    const web = (await status(app)).nodes.find(({ name }) => name === 'web-1')
    await nextKeeper(app, 'control', await killKeeper(app, 'control'))
    await until(async () => dataNode(await status(app)).health === 'healthy')
    await until(
      async () => (await status(app)).nodes.find(({ name }) => name === 'web-1')?.pid === web?.pid,
    )
    await killBoth(app)
    await until(async () => (await status(app)).sentence.startsWith('Control does not run'))
    assert.equal(dataNode(await status(app)).health, 'healthy')
    await up(app)
    const again = await status(app)
    assert.equal(again.nodes.find(({ name }) => name === 'web-1')?.pid, web?.pid)
    assert.equal(dataNode(again).health, 'healthy')
  })
})

test('the password is printed nowhere, and is in no file that others can read', async () => {
  const app = await makeApp(adoptedFiles(foreign.url))
  const secrets = [password, encodeURIComponent(password)]
  try {
    const outputs = [
      await app.banyan('plan'),
      await app.banyan('up', '--detach', '--port', String(app.port)),
      await app.banyan('status', '--json'),
      await app.banyan('logs'),
      await app.banyan('kill', 'primary'),
      await app.banyan('sql', 'select 1'),
    ]
    const names = await readdir(app.state, { recursive: true })
    for (const name of names) {
      const path = join(app.state, name)
      const found = await stat(path)
      if (!found.isFile()) continue
      const text = await readFile(path, 'utf8')
      if (!secrets.some((secret) => text.includes(secret))) continue
      assert.equal(found.mode & 0o077, 0, `${name} holds the password and can be read by others`)
      // The store is told it so that no line of a log shows it.
      assert.match(name, /((system|snapshot|store)\.json|\/\.env)$/)
    }
    await app.banyan('down')
    await app.write('.env', `DATABASE_URL='${foreign.url}?sslmode=sometimes'\n`)
    outputs.push(await app.banyan('up', '--release'))
    assert.match(outputs.at(-1)?.stderr ?? '', /sslmode disable, prefer/)
    await app.write('.env', `DATABASE_URL='${foreign.url.replace('postgres://', 'mysql://')}'\n`)
    outputs.push(await app.banyan('up', '--release', '--json'))
    assert.match(outputs.at(-1)?.stdout ?? '', /BANYAN_CONFIG_INVALID/)
    await app.write(
      'banyan.config.ts',
      adoptedConfig.replace('data: {', 'data: process.env.DATABASE_URL, _: {'),
    )
    outputs.push(await app.banyan('up', '--release'))
    for (const { stdout, stderr } of outputs) {
      for (const secret of secrets)
        assert.ok(!`${stdout}${stderr}`.includes(secret), stdout + stderr)
    }
  } finally {
    await app.remove()
  }
})

test('tables that the app makes itself, in its build, are known when its service starts', async () => {
  await ask(foreign.postgres.adminUrl, 'create database fresh owner ann')
  const url = urlFor(foreign.postgres, 'ann', password, 'fresh')
  const app = await makeApp({
    ...adoptedFiles(url),
    'banyan.config.ts': adoptedConfig.replace(
      "run: 'node",
      "build: 'node migrate.mjs', run: 'node",
    ),
    'migrate.mjs': `import pg from ${JSON.stringify(new URL('../../node_modules/pg/esm/index.mjs', import.meta.url).pathname)}
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
await client.query('create table if not exists users (id bigint primary key, email text unique, name text)')
await client.query('create table if not exists orders (id bigserial primary key, user_id bigint not null, cents int)')
await client.end()
`,
  })
  try {
    const { stdout, code } = await app.banyan('up', '--detach', '--port', String(app.port))
    assert.equal(code, 0, stdout)
    assert.match(stdout, /not in the database yet: plans/)
    assert.deepEqual(await get(`${app.url}/orders`), [{ n: 0 }])
    assert.deepEqual(await get(`${app.url}/write`), [{ user_id: '3', cents: 5 }])
  } finally {
    await app.remove()
    await ask(foreign.postgres.adminUrl, 'drop database fresh with (force)')
  }
})

test('behind a pooler that refuses settings of a session, reads still cannot write', async () => {
  const pooler = await startPooler(foreign.postgres)
  const app = await makeApp(adoptedFiles(urlFor(pooler, 'ann', password, 'shop')))
  try {
    await up(app)
    assert.equal(dataNode(await status(app)).health, 'healthy')
    assert.deepEqual(await get(`${app.url}/orders`), [{ n: 10 }])
    assert.equal(((await get(`${app.url}/write-in-read`)) as { code: string }).code, '25006')
    assert.deepEqual(await get(`${app.url}/orders`), [{ n: 10 }])
  } finally {
    await app.remove()
    await pooler.stop()
  }
})

test('what the environment says wins over .env', async () => {
  const app = await makeApp(adoptedFiles('postgres://nobody@127.0.0.1:1/none'))
  const before = process.env.DATABASE_URL
  process.env.DATABASE_URL = foreign.url
  try {
    await up(app)
    assert.equal(await get(`${app.url}/url`), foreign.url)
  } finally {
    if (before === undefined) delete process.env.DATABASE_URL
    else process.env.DATABASE_URL = before
    await app.remove()
  }
})

test('a state directory with a database of its own is not led to an adopted one, nor back', async () => {
  const app = await makeApp({ ...adoptedFiles(foreign.url), 'web.mjs': readingWeb })
  const own = adoptedConfig
    .replace('url: process.env.DATABASE_URL,', '')
    .replace(/tables: \{[\s\S]*?\n {4}\},\n/, '')
  try {
    await app.write('banyan.config.ts', own)
    await up(app)
    await app.banyan('down')
    await app.write('banyan.config.ts', adoptedConfig)
    for (const words of [
      ['up', '--release'],
      ['plan', '--release'],
    ]) {
      const { error } = (await app.json(...words)) as Report
      assert.equal(error?.code, 'BANYAN_DATABASE_EXCHANGED')
    }
    await app.banyan('down', '--destroy', '--yes')
    await up(app)
    await app.banyan('down')
    await app.write('banyan.config.ts', own)
    assert.equal(
      ((await app.json('up', '--release')) as Report).error?.code,
      'BANYAN_DATABASE_EXCHANGED',
    )
  } finally {
    await app.remove()
  }
})
