import assert from 'node:assert/strict'
import { cp, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, makeApp, type TestApp } from './support/banyan.ts'

/*
 * The proof as its user runs it: `banyan prove` against a real `single`. Latencies and gaps are printed,
 * never asserted; what fails is a fact that was lost, doubled, stale or made up.
 */

const rate = 300
const seconds = Number(process.env.BANYAN_PROVE_SECONDS ?? '10')
const kills = Number(process.env.BANYAN_PROVE_KILLS ?? '1')

const repository = new URL('../../', import.meta.url).pathname

type Report = {
  readonly scenario: string
  readonly seed: number
  readonly sent: number
  readonly failed: { readonly total: number; readonly byCause: Record<string, number> }
  readonly acknowledgedWrites: number | null
  readonly notes: readonly string[]
} & Readonly<Record<string, unknown>>

const figures = ['sent', 'ok', 'p50Ms', 'p99Ms', 'maxMs', 'longestGapMs', 'acknowledgedWrites']
const more = ['unknownOutcome', 'achievedRate', 'proverCpuPercent']

/** Runs `banyan prove`, prints what it measured, and gives its report. */
async function prove(context: TestContext, app: TestApp, ...words: string[]): Promise<Report> {
  const asked = ['--rate', String(rate), '--seconds', String(seconds)]
  const { code, stdout, stderr } = await app.start('prove', ...asked, ...words, '--json').ended
  const report = JSON.parse(stdout || '{}') as Report
  if (report.seed === undefined) throw new Error(`no report (code ${code}): ${stdout}${stderr}`)
  const said = [...figures, ...more].map((name) => `${name} ${report[name]}`)
  context.diagnostic(`${report.scenario}, seed ${report.seed}: ${said.join(', ')}`)
  context.diagnostic(`failed ${JSON.stringify(report.failed)}`)
  assert.equal(code, 0, JSON.stringify({ ...report, actions: undefined }, null, 1))
  return report
}

function assertProven(report: Report): void {
  const { lost, doubled, staleReads, phantom, otherAnomalies, unverified } = report
  assert.deepEqual(
    { lost, doubled, staleReads, phantom, otherAnomalies, unverified },
    { lost: 0, doubled: 0, staleReads: 0, phantom: 0, otherAnomalies: 0, unverified: 0 },
    JSON.stringify(report.anomalies, null, 1),
  )
  assert.ok(
    Number(report.acknowledgedWrites) > seconds,
    `only ${report.acknowledgedWrites} writes were acknowledged`,
  )
}

function assertNothingFailed({ failed, unknownOutcome }: Report): void {
  assert.deepEqual(
    { failed, unknownOutcome },
    { failed: { total: 0, byCause: {} }, unknownOutcome: 0 },
  )
}

/** Runs `banyan prove` while the web process and PostgreSQL are ended in turn, spread over its load. */
async function proveUnderKills(context: TestContext, app: TestApp): Promise<Report> {
  const before = await requestsOf(app)
  const proving = prove(context, app)
  const ended = proving.then(
    () => true,
    () => true,
  )
  await eventually(async () => (await requestsOf(app)) - before > setUpRequestsMax || null, 60_000)
  const beganMs = performance.now()
  const pauseMs = (seconds * 1_000) / (2 * kills + 1)
  for (let round = 0; round < 2 * kills; round += 1) {
    await sleep(Math.max(0, beganMs + pauseMs * (round + 0.5) - performance.now()))
    const node = round % 2 === 0 ? 'web-1' : 'primary'
    // What is just coming back cannot be killed; it is tried again as soon as it can.
    await eventually(async () => Number((await app.json('kill', node)).pid) > 0 || null)
  }
  assert.notEqual(
    await Promise.race([ended, sleep(0, false)]),
    true,
    'the proof ended before the kills',
  )
  return await proving
}

/** More than a scenario sends before its load. */
const setUpRequestsMax = 200

/** How many requests the web process has answered, by its log. */
async function requestsOf(app: TestApp): Promise<number> {
  const log = await readFile(join(app.state, 'logs/web-1.log'), 'utf8')
  return log.split('request finished').length - 1
}

async function upIn(app: TestApp, ...words: string[]): Promise<void> {
  const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port), ...words)
  assert.equal(code, 0, stderr)
}

async function askProve(app: TestApp, authorization: string | null, path = '/-/prove') {
  const response = await fetch(`${app.url}${path}`, {
    headers: { connection: 'close', ...(authorization !== null && { authorization }) },
  })
  return { status: response.status, body: await response.text() }
}

async function tokenOf(app: TestApp): Promise<string> {
  const secrets = JSON.parse(await readFile(join(app.state, 'secrets.json'), 'utf8'))
  return secrets.proveToken
}

describe('a proof of Conduit by its own scenario', () => {
  let app: TestApp
  before(async () => {
    app = await makeApp()
    // A release holds what lies inside the folder of its lockfile, and links to what is installed.
    await cp(join(repository, 'apps/conduit'), app.folder, { recursive: true, force: true })
    await symlink(join(repository, 'node_modules'), join(app.folder, 'node_modules'))
    await app.write('package-lock.json', '{"lockfileVersion":3,"packages":{}}')
    await upIn(app)
  })
  after(async () => await app.remove())

  it('finds nothing lost, doubled, stale or failed on a system that is left alone', async (context) => {
    const report = await prove(context, app)
    assert.equal(report.scenario, 'conduit')
    assertProven(report)
    assertNothingFailed(report)
    const { rows } = await app.json('sql', 'select count(*)::int from articles')
    assert.deepEqual(rows, [[0]], 'the proof left articles behind')
  })

  it('finds nothing lost, doubled or stale while the web process and PostgreSQL get SIGKILL', async (context) => {
    const report = await proveUnderKills(context, app)
    assertProven(report)
    // A short gap may cost the answers of writes alone, whose outcome is then unknown.
    const noticed = report.failed.total + Number(report.unknownOutcome)
    assert.ok(noticed > 0, 'nothing was noticed, so that nothing was killed')
  })

  it('does not offer /-/prove, because nobody asked for it', async () => {
    const missing = await askProve(app, null, '/-/nothing')
    assert.deepEqual(await askProve(app, `Bearer ${await tokenOf(app)}`), missing)
    assert.equal(missing.status, 404)
    const { error } = await app.json('prove', '--scenario', 'built-in')
    assert.equal((error as { code: string }).code, 'BANYAN_SCENARIO_NOT_FOUND')
  })
})

it('up --prove is refused where nothing could be written, before anything is started', async () => {
  const service = "{ web: { run: 'node web.mjs', routes: ['/'] } }"
  const app = await makeApp({
    'banyan.config.ts': `export default { name: 'bare', services: ${service} }`,
  })
  try {
    const { error } = await app.json('up', '--detach', '--prove', '--port', String(app.port))
    assert.deepEqual((error as { code: string }).code, 'BANYAN_PROVE_NOT_OFFERED')
    assert.match((error as { message: string }).message, /it has no database/)
    assert.deepEqual(await app.leftovers(), [])
  } finally {
    await app.remove()
  }
})

const served = `import { serve } from '${join(repository, 'packages/banyan/src/index.ts')}'
await serve((request, response) => response.end('hello'))
`

describe('a proof of an app that says nothing of itself', () => {
  let app: TestApp
  before(async () => {
    app = await makeApp({ 'web.mjs': served })
    await upIn(app, '--prove')
  })
  after(async () => await app.remove())

  it('speaks to /-/prove, and finds nothing lost, doubled, stale or failed', async (context) => {
    const report = await prove(context, app)
    assert.equal(report.scenario, 'built-in')
    assertProven(report)
    assertNothingFailed(report)
  })

  it('finds nothing lost, doubled or stale while the web process and PostgreSQL get SIGKILL', async (context) => {
    const report = await proveUnderKills(context, app)
    assertProven(report)
    assert.ok(
      report.failed.total + Number(report.unknownOutcome) > 0,
      'nothing was noticed, so that nothing was killed',
    )
  })

  it('leaves nothing of its keys behind', async () => {
    for (const table of ['lists', 'registers', 'elements', 'accounts']) {
      const { rows } = await app.json('sql', `select count(*)::int from banyan_proof.${table}`)
      assert.deepEqual(rows, [[0]], table)
    }
  })

  it('shows /-/prove to nobody without the token, and the token to nobody', async () => {
    const token = await tokenOf(app)
    const missing = await askProve(app, null, '/-/nothing')
    assert.equal(missing.status, 404)
    for (const wrong of [null, 'Bearer ', `Bearer ${token}0`, `Basic ${token}`]) {
      assert.deepEqual(await askProve(app, wrong), missing)
    }
    assert.equal((await askProve(app, `Bearer ${token}`)).status, 200)
    const seen = await Promise.all([
      app.banyan('status', '--json'),
      app.banyan('logs', '--lines', '100000'),
      app.banyan('prove', '--seconds', '1', '--json'),
    ])
    for (const { stdout, stderr } of seen) assert.ok(!`${stdout}${stderr}`.includes(token))
  })

  it('is a load on the front page once up was not told to prove', async (context) => {
    const token = await tokenOf(app)
    await app.banyan('down')
    await upIn(app)
    assert.equal((await askProve(app, `Bearer ${token}`)).status, 404)
    const report = await prove(context, app, '--seconds', '2')
    assert.equal(report.scenario, 'GET /')
    const { lost, doubled, staleReads } = report
    assert.deepEqual([lost, doubled, staleReads], [null, null, null])
    assert.match(report.notes.join(' '), /banyan up --prove/)
    assertNothingFailed(report)
  })

  it('is a load on the front page where the app does not call serve', async (context) => {
    await app.banyan('down')
    await app.write(
      'web.mjs',
      "import { createServer } from 'node:http'\ncreateServer((_, r) => r.end('hi')).listen(process.env.PORT, process.env.HOST)",
    )
    await upIn(app, '--prove', '--release')
    const report = await prove(context, app, '--seconds', '2')
    assert.deepEqual([report.scenario, report.lost], ['GET /', null])
  })
})
