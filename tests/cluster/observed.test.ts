// The rung `observed` on a system that runs: what rules and dashboards name is really measured, and each alert
// is fired by causing it. The rules are the product's own; a second Prometheus has them with windows and waits
// of a sixtieth, and reads the same processes.
import './support/measured.ts'
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type NodeStatus, type Status, statePaths } from '@banyan/control/api'
import { adminRole } from '@banyan/postgres'
import pg from 'pg'
import { homeOf } from '../../packages/control/src/engines/observer/home.ts'
import {
  dashboardNames,
  dashboardsFolder,
} from '../../packages/control/src/engines/prometheus/dashboards.ts'
import { alertsOf, rulesOf } from '../../packages/control/src/engines/prometheus/rules.ts'
import { selectorsIn } from '../../packages/control/src/engines/prometheus/test-selectors.ts'
import { haproxyEngine } from './balancer/haproxy-engine.ts'
import { eventually, makeApp, type TestApp } from './support/banyan.ts'
import { ask, type FastPrometheus, metricNames, startFastPrometheus } from './support/observed.ts'

const source = new URL('../../packages/banyan/src/', import.meta.url).pathname

const configWith = (webhook: string) => `export default {
  name: 'tiny',
  services: { web: { run: 'node web.mjs', routes: ['/'] } },
  data: { migrations: './migrations', tables: { notes: { by: 'user_id' } }, replicas: 2 },
  telemetry: {
    alerts: { webhook: '${webhook}', token: 's3cret' },
    business: { 'daily active users': { event: 'user.active', count: 'subjects', days: 1 } },
  },
}
`

/** Its files of that name make it slow to start, or broken. */
const webIn = (folder: string) => `import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { data, serve } from '${source}index.ts'
import { record } from '${source}telemetry.ts'
if (existsSync('${folder}/broken')) process.exit(1)
if (existsSync('${folder}/slow')) await sleep(3_000)
await serve(async (request, response) => {
  if (request.url === '/fail') response.statusCode = 500
  if (request.url === '/write') {
    await data.of(1).write\`insert into notes (user_id, body) values (1, 'a')\`
    record('user.active', { subject: '1' })
  }
  if (request.url === '/read') await data.of(1).read\`select count(*) from notes\`
  response.end('done')
})
`

const migration = `create table notes (user_id bigint not null, id bigserial, body text, primary key (user_id, id));
`

let app: TestApp
let hook: Server
let fast: FastPrometheus
let alertmanager = ''
let traffic: { stop(): Promise<void> }
const heard: string[] = []
const fired = new Set<string>()
const tokens = new Set<string>()

const statusOf = async (): Promise<Status> => (await app.json('status')) as unknown as Status

async function placeOf(name: string): Promise<string> {
  const found = (await statusOf()).nodes.find((node: NodeStatus) => node.name === name)
  return found?.address ?? assert.fail(`there is no ${name}`)
}

before(async () => {
  hook = createServer((request, response) => {
    tokens.add(request.headers.authorization ?? '')
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      heard.push(body)
      response.end()
    })
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  app = await makeApp({ 'migrations/0001_notes.sql': migration })
  const { port } = hook.address() as AddressInfo
  await app.write('banyan.config.ts', configWith(`http://127.0.0.1:${port}/hook`))
  await app.write('web.mjs', webIn(app.folder))
  const { code, stdout, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(code, 0, stdout + stderr)
  const grown = await app.json('grow', 'observed')
  assert.equal(grown.outcome, 'done', JSON.stringify(grown))
  alertmanager = await placeOf('alertmanager-1')
  fast = await startFastPrometheus({
    alertmanager,
    state: app.state,
    scale: 1 / 60,
    // The disk of whoever tests has room; the threshold is above all that there is.
    thresholds: { lagBytes: 200_000, slotBytes: 200_000, diskFree: 1.01, stepSeconds: 1 },
  })
  traffic = startTraffic()
})

after(async () => {
  await traffic?.stop()
  await fast?.stop()
  await app?.remove()
  hook?.close()
})

function startTraffic() {
  let isOver = false
  const loop = async () => {
    for (let at = 0; !isOver; at++) {
      const path = ['/fail', '/write', '/read'][at % 3]
      await fetch(`${app.url}${path}`, { signal: AbortSignal.timeout(5_000) })
        .then(async (response) => await response.text())
        .catch(() => {})
      await sleep(10)
    }
  }
  const ended = loop()
  return {
    stop: async () => {
      isOver = true
      await ended
    },
  }
}

/** Returns when all of these alerts hold at once, and Alertmanager was told of each. */
async function untilFiring(...alerts: readonly string[]): Promise<void> {
  let missing: readonly string[] = alerts
  const found = eventually(async () => {
    const [firing, told] = await Promise.all([fast.firing(), namesAt(alertmanager)])
    missing = alerts.filter((alert) => !firing.includes(alert) || !told.includes(alert))
    return missing.length === 0 || null
  }, 60_000)
  await found.catch(() => assert.fail(`${missing.join(' and ')} did not fire`))
  for (const alert of alerts) fired.add(alert)
}

/** Also those that are not passed on, because another one says the same. */
async function namesAt(place: string): Promise<readonly string[]> {
  const told = await ask(place, '/api/v2/alerts')
  return (told as readonly Passed[]).map(({ labels }) => labels.alertname)
}

type Passed = {
  readonly labels: { readonly alertname: string }
  readonly annotations: { readonly summary: string }
}

/** As the superuser, on one server. */
async function onServer(node: string, sql: string): Promise<void> {
  const secrets = JSON.parse(await readFile(join(app.state, 'secrets.json'), 'utf8'))
  const place = await placeOf(node)
  const at = place.lastIndexOf(':')
  const client = new pg.Client({
    host: place.slice(0, at),
    port: Number(place.slice(at + 1)),
    user: adminRole,
    password: secrets.adminPassword,
    database: 'tiny',
  })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

test('where a web process is the entry itself, errors burn the budget as well', async () => {
  await untilFiring(
    'BanyanErrorBudgetBurnsFast',
    'BanyanErrorBudgetBurns',
    'BanyanErrorBudgetBurnsSlowly',
    'BanyanDiskAlmostFull',
  )
})

test('a climb whose step does not come to an end is stuck', async () => {
  await app.write('slow', '')
  const climbing = app.json('grow', 'balanced', 'replicated')
  await untilFiring('BanyanClimbStuck')
  await rm(join(app.folder, 'slow'))
  const grown = await climbing
  assert.equal(grown.outcome, 'done', JSON.stringify(grown))
  await eventually(async () => ((await fast.firing()).includes('BanyanClimbStuck') ? null : true))
})

test('a replica that replays nothing is behind, a slot keeps WAL, and a process that hangs is missing', async () => {
  await onServer('db-3', 'select pg_wal_replay_pause()')
  assert.equal((await app.banyan('pause', 'db-4')).code, 0)
  assert.equal((await app.banyan('pause', 'web-2')).code, 0)
  await onServer('db-1', "select pg_logical_emit_message(false, 'a', repeat('x', 4000000))")
  await untilFiring('BanyanReplicaBehind', 'BanyanSlotKeepsWal', 'BanyanTargetMissing')
  await onServer('db-3', 'select pg_wal_replay_resume()')
  for (const node of ['db-4', 'web-2']) assert.equal((await app.banyan('resume', node)).code, 0)
  await eventually(async () =>
    (await fast.firing()).includes('BanyanReplicaBehind') ? null : true,
  )
})

test('a node that does not come up again has failed', async () => {
  await app.write('broken', '')
  await app.banyan('kill', 'web-2')
  await untilFiring('BanyanNodeFailed')
})

test('each alert was fired by its cause, and what holds is told, with what is wrong', async () => {
  const names = alertsOf(rulesOf()).map(({ alert }) => alert)
  assert.deepEqual([...fired].sort(), [...names].sort())
  const lasting = ['BanyanDiskAlmostFull', 'BanyanErrorBudgetBurnsFast']
  const holds = [...lasting, 'BanyanNodeFailed']
  const passed = await eventually(async () => {
    const alerts = heard.flatMap((text) => (JSON.parse(text) as { alerts: Passed[] }).alerts)
    const has = (name: string) => alerts.some(({ labels }) => labels.alertname === name)
    // A group that was told of once is told of again after a minute: only what has held all along is waited for.
    return lasting.every(has) ? alerts : null
  })
  assert.deepEqual([...tokens], ['Bearer s3cret'])
  assert.doesNotMatch(JSON.stringify(await ask(alertmanager, '/api/v2/status')), /s3cret/)
  for (const { annotations } of passed) {
    assert.match(annotations.summary, /\.$/)
    assert.doesNotMatch(annotations.summary, /\{\{|error|<no value>/i, annotations.summary)
  }
  const said = await eventually(async () => {
    const { alerts = [] } = await statusOf()
    return holds.every((name) => alerts.some((alert) => alert.name === name)) ? alerts : null
  })
  assert.ok(
    said.every(({ sentence, since }) => sentence !== '' && !Number.isNaN(Date.parse(since))),
  )
  assert.equal(said.find(({ name }) => name === 'BanyanNodeFailed')?.severity, 'page')
})

test('every metric that a rule or a dashboard names is emitted by the system that runs', async () => {
  const named = await namedMetrics()
  const { missing: without } = haproxyEngine
  await rm(join(app.folder, 'broken'))
  assert.equal((await app.json('switchover')).from, 'db-1')
  const place = await placeOf('prometheus-1')
  await untilEmitted(
    place,
    named.filter((name) => name !== onlyOfHaproxy),
  )
  if (without === null) {
    // One that is not well would be a reason not to climb.
    await eventually(async () => isWell(await statusOf()) || null)
    assert.equal((await app.json('grow', 'balanced', '--balancer', 'haproxy')).outcome, 'done')
    await untilEmitted(place, [onlyOfHaproxy])
  }
})

test('a Prometheus that does not come up keeps nobody from being up', async () => {
  await traffic.stop()
  await fast.stop()
  assert.equal((await app.banyan('down')).code, 0)
  const { data } = await homeOf(statePaths(app.state), 'prometheus-1')
  const wal = join(data, 'wal')
  await rm(wal, { recursive: true })
  await writeFile(wal, 'no folder')
  const { code, stdout, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(code, 0, stdout + stderr)
  assert.equal((await fetch(`${app.url}/read`)).status, 200)
  const { nodes, rungs } = await statusOf()
  const wrong = nodes.filter(({ health }) => health !== 'healthy').map(({ name }) => name)
  assert.deepEqual(wrong, ['prometheus-1'])
  assert.ok(rungs.includes('observed'))
})

const isWell = ({ nodes }: Status): boolean => nodes.every(({ health }) => health === 'healthy')

async function untilEmitted(place: string, wanted: readonly string[]): Promise<void> {
  let missing: readonly string[] = []
  const found = eventually(async () => {
    const names = await metricNames(place)
    missing = wanted.filter((name) => !names.has(name))
    return missing.length === 0 || null
  }, 60_000)
  await found.catch(() => assert.fail(`nobody emits ${missing.join(', ')}`))
}

const onlyOfHaproxy = 'banyan_balancer_server_requests_total'

async function namedMetrics(): Promise<readonly string[]> {
  const queries = rulesOf().groups.flatMap(({ rules }) => rules.map(({ expr }) => expr))
  for (const name of await dashboardNames()) {
    JSON.parse(await readFile(join(dashboardsFolder, name), 'utf8'), (key, value) => {
      if (key === 'expr') queries.push(value)
      return value
    })
  }
  return [...new Set(queries.flatMap((expr) => selectorsIn(expr).map(({ metric }) => metric)))]
}
