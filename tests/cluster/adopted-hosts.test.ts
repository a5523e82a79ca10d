import assert from 'node:assert/strict'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startForeign, urlFor } from './support/adopted.ts'
import { eventually, freePort, makeApp, type TestApp } from './support/banyan.ts'
import { startMembers, type TestMembers } from './support/members.ts'

const repository = new URL('../../', import.meta.url).pathname

const config = `export default {
  name: 'marks',
  services: { web: { run: 'node web.mjs', routes: ['/'] } },
  data: { url: process.env.DATABASE_URL, tables: { marks: { by: 'id' } } },
}
`

/** Writes through \`data\` and through a pool without options, both of which follow whoever is promoted. */
const web = `import { createServer } from 'node:http'
import { data } from ${JSON.stringify(join(repository, 'packages/banyan/src/index.ts'))}
import { Pool } from ${JSON.stringify(join(repository, 'packages/banyan/src/pg.ts'))}
const pool = new Pool()
const sql = 'insert into marks (n) values ($1) returning host(inet_server_addr()) as host'
const routes = {
  '/data': async () => await data.of(1).write\`insert into marks (n) values (1) returning host(inet_server_addr()) as host\`,
  '/pool': async () => (await pool.query(sql, [2])).rows,
}
createServer(async (request, response) => {
  try {
    response.end(JSON.stringify((await routes[request.url]?.()) ?? 'hello'))
  } catch (error) {
    response.statusCode = 500
    response.end(JSON.stringify({ code: error.code, message: error.message }))
  }
}).listen(Number(process.env.PORT), process.env.HOST)
process.on('SIGTERM', () => process.exit(0))
`

let cluster: TestMembers
let app: TestApp
before(async () => {
  cluster = await startMembers({ replicas: 1, synchronous: false })
  await cluster.query('db-1', 'create table marks (id bigserial primary key, n int)')
  await cluster.query('db-1', 'grant all on marks, marks_id_seq to banyan_app')
  await cluster.untilReplayed('db-2')
  app = await makeApp({ 'banyan.config.ts': config, 'web.mjs': web })
})
after(async () => {
  await app?.remove()
  await cluster?.stop()
})

/** The URL of the app's role with these places where the host stands. */
function listOf(places: readonly string[], text = cluster.member('db-1').appUrl): string {
  return text.replace(/@[^/]*\//, `@${places.join(',')}/`)
}

const placeOf = (name: string): string => {
  const { host, port } = cluster.member(name)
  return `${host}:${port}`
}

type ErrorReport = { code: string; message: string; hint: string }

/** What `up` says, and that it said it before it made anything. */
async function refusal(url: string): Promise<ErrorReport> {
  await app.write('.env', `DATABASE_URL='${url}'\n`)
  const { error } = (await app.json('up', '--detach', '--port', String(app.port))) as {
    error: ErrorReport
  }
  await assert.rejects(access(app.state), { code: 'ENOENT' })
  return error
}

test('a list with nobody there says of each server why it cannot be reached', async () => {
  const port = await freePort()
  const url = listOf([`127.0.0.1:${port}`, 'db.shop.invalid'])
  const { code, message, hint } = await refusal(url)
  assert.equal(code, 'BANYAN_ADOPTED_UNREACHABLE')
  assert.match(message, /None of the 2 servers/)
  assert.match(message, new RegExp(`127\\.0\\.0\\.1:${port} cannot be reached: nobody listens`))
  assert.match(message, /db\.shop\.invalid:5432 cannot be found: no name server knows/)
  assert.match(hint, /Start it|Correct/)
})

test('a list of standbys only is refused, and each is said to be one', async () => {
  const port = await freePort()
  const { code, message } = await refusal(listOf([placeOf('db-2'), `127.0.0.1:${port}`]))
  assert.equal(code, 'BANYAN_ADOPTED_READ_ONLY')
  assert.match(
    message,
    new RegExp(`${placeOf('db-2')} is a standby; 127\\.0\\.0\\.1:${port} cannot`),
  )
})

test('a wrong password is said with its user, once for the whole list', async () => {
  const url = listOf([placeOf('db-1'), placeOf('db-2')]).replace(/:[^:@/]+@/, ':wrong-secret@')
  const { code, message } = await refusal(url)
  assert.equal(code, 'BANYAN_ADOPTED_REFUSED')
  assert.match(message, /refuses the password of "banyan_app"/)
  assert.doesNotMatch(message, /wrong-secret/)
})

test('a server of another cluster is found before anything is done', async () => {
  const foreign = await startForeign()
  try {
    const { host, port } = foreign.postgres
    const { user, password, database } = partsOf(cluster.member('db-1').appUrl)
    const admin = await import('./support/adopted.ts')
    await admin.ask(foreign.postgres.adminUrl, `create role ${user} login password '${password}'`)
    await admin.ask(foreign.postgres.adminUrl, `create database ${database} owner ${user}`)
    const { code, message } = await refusal(listOf([placeOf('db-1'), `${host}:${port}`]))
    assert.equal(code, 'BANYAN_ADOPTED_STRANGER')
    assert.match(message, /belong to different clusters/)
    assert.match(message, new RegExp(`${host}:${port} is of \\d+`))
    const other = urlFor({ host, port }, 'ann', 'wrong', 'shop')
    assert.equal((await refusal(other)).code, 'BANYAN_ADOPTED_REFUSED')
  } finally {
    await foreign.postgres.stop()
  }
})

function partsOf(url: string) {
  const { username, password, pathname } = new URL(url)
  return { user: username, password: decodeURIComponent(password), database: pathname.slice(1) }
}

/** The address of the server that a write of the app went to. */
async function serverOf(path: string): Promise<string> {
  const response = await fetch(`${app.url}${path}`)
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${text}`)
  return (JSON.parse(text) as { host: string }[])[0]?.host ?? ''
}

type NodeReport = {
  readonly name: string
  readonly tier: string
  readonly role: string
  readonly health: string
  readonly address: string
  readonly lagBytes?: number | null
  readonly uptimeMs: number | null
  readonly sentence: string
}

const statusOf = async () => (await app.json('status')) as { nodes: NodeReport[] }
const isData = ({ tier }: NodeReport): boolean => tier === 'data'

test('a list is adopted though one is away, and the one that takes writes is found behind a standby', async () => {
  const away = `127.0.0.1:${await freePort()}`
  await app.write('.env', `DATABASE_URL='${listOf([placeOf('db-2'), away, placeOf('db-1')])}'\n`)
  const up = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(up.code, 0, up.stderr)
  const { host } = cluster.member('db-1')
  for (const path of ['/data', '/pool']) assert.equal(await serverOf(path), host)
  const nodes = await eventually(async () => {
    const { nodes } = await statusOf()
    return nodes.some(({ health }) => health === 'starting') ? null : nodes.filter(isData)
  })
  assert.deepEqual(
    nodes.map(({ name, role, health, address }) => [name, role, health, address]),
    [
      ['db-1', 'replica', 'healthy', placeOf('db-2')],
      ['db-2', 'replica', 'failed', away],
      ['db-3', 'primary', 'healthy', placeOf('db-1')],
    ],
  )
  const [replica, dead, primary] = nodes
  assert.equal(replica?.lagBytes, 0)
  assert.match(dead?.sentence ?? '', /is away: it cannot be reached: nobody listens/)
  assert.equal(dead?.uptimeMs, null)
  assert.ok((primary?.uptimeMs ?? 0) > 0)
  const { stdout } = await app.banyan('status')
  const lines = stdout.split('\n').filter((line) => /^db-\d +[a-z]/.test(line))
  assert.equal(lines.length, 3, stdout)
  assert.match(lines[1] ?? '', new RegExp(`^db-2 +replica +failed +${away}`))
  assert.match(stdout.split('\n')[0] ?? '', /^db-2 \(.*\) is away/)
  const { error } = (await app.json('kill', 'db-3')) as { error: ErrorReport }
  assert.equal(error.code, 'BANYAN_ADOPTED_UNTOUCHED')
  const sql = await app.json('sql', 'select pg_is_in_recovery() as standby')
  assert.match(JSON.stringify(sql), /false|"f"/)
})

test('after somebody promoted another one, writes go there at once', async (context) => {
  await cluster.kill('db-1')
  await cluster.promote('db-2', { term: null })
  const promoted = performance.now()
  const { host } = cluster.member('db-2')
  for (const path of ['/data', '/pool']) {
    await eventually(async () => ((await serverOf(path)) === host ? true : null), 5_000)
  }
  const ms = performance.now() - promoted
  context.diagnostic(`writing went on ${Math.round(ms)} ms after the promotion`)
  assert.ok(ms < 3_000, `writing went on ${Math.round(ms)} ms after the promotion`)
  await eventually(async () => {
    const { nodes } = await statusOf()
    const shown = nodes.filter(isData).map(({ role, health }) => `${role} ${health}`)
    return shown.join(', ') === 'primary healthy, replica failed, replica failed' ? true : null
  })
})

test('who runs nothing of ours sees the members too', async () => {
  await app.banyan('down')
  const { nodes } = await statusOf()
  const shown = nodes.filter(isData).map(({ role, health }) => `${role} ${health}`)
  assert.deepEqual(shown, ['primary healthy', 'replica failed', 'replica failed'])
  const up = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(up.code, 0, up.stderr)
})

test('who leads is not decided here, and it is said by whom', async () => {
  const { error } = (await app.json('switchover')) as { error: ErrorReport }
  assert.equal(error.code, 'BANYAN_ADOPTED_UNTOUCHED', error.message)
  assert.match(error.hint, /patronictl switchover/)
  const grown = (await app.json('grow', 'replicated')) as { error: ErrorReport }
  assert.match(`${grown.error.message}${grown.error.hint}`, /its owner's business/)
})
