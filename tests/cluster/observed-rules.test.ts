// The rules over their true windows, hours long: promtool makes up what was measured, and Prometheus' own
// engine says which alerts hold. tests/cluster/observed.test.ts causes each of them for real.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { alertsOf, rulesOf } from '../../packages/control/src/engines/prometheus/rules.ts'
import { configurationOf } from '../../packages/control/src/engines/prometheus/settings.ts'

const run = promisify(execFile)
let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-rules-'))
  await write('rules.json', rulesOf())
})
after(async () => await rm(folder, { recursive: true, force: true }))

const write = async (name: string, value: unknown) =>
  await writeFile(join(folder, name), JSON.stringify(value))

const promtool = async (...words: string[]): Promise<string> => {
  const found = await run('promtool', words, { cwd: folder }).catch(
    (error: { stdout: string; stderr: string }) => error,
  )
  return `${found.stdout}${found.stderr}`
}

type Series = { readonly series: string; readonly values: string }

/** What is measured, and which alerts hold when. */
type Case = {
  /** Between two values. Default 15 s. */
  readonly interval?: string
  readonly measured: readonly Series[]
  readonly holds: Readonly<Record<string, readonly string[]>>
}

async function check({ measured, holds, interval = '15s' }: Case): Promise<void> {
  await write('test.json', {
    rule_files: ['rules.json'],
    evaluation_interval: '15s',
    tests: [
      {
        interval,
        input_series: measured,
        promql_expr_test: Object.entries(holds).map(([at, alerts]) => ({
          expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: at,
          exp_samples: alerts.map((alertname) => ({
            labels: `{alertname="${alertname}"}`,
            value: 1,
          })),
        })),
      },
    ],
  })
  const said = await promtool('test', 'rules', 'test.json')
  assert.match(said, /SUCCESS/, said)
}

const entry = (answer: string, values: string): Series => ({
  series: `banyan_entry_requests_total{node="gateway-1",banyan_service="web",banyan_answer="${answer}"}`,
  values,
})

const fast = 'BanyanErrorBudgetBurnsFast'
const medium = 'BanyanErrorBudgetBurns'
const slow = 'BanyanErrorBudgetBurnsSlowly'

test('Prometheus takes the rules and the configuration as they are written', async () => {
  assert.match(await promtool('check', 'rules', 'rules.json'), /SUCCESS: 11 rules found/)
  await write('prometheus.yml', configurationOf({ alertmanager: '127.0.0.1:9', system: 'a' }))
  for (const [name, text] of [
    ['metrics.token', 'a'],
    ['targets.json', '[]'],
  ] as const) {
    await writeFile(join(folder, name), text)
  }
  assert.match(await promtool('check', 'config', 'prometheus.yml'), /SUCCESS: .*valid prometheus/)
})

test('an app that answers burns nothing, and a few errors of a quiet one wake nobody', async () => {
  await check({
    measured: [entry('2xx', '0+150x720'), entry('5xx', '0x720')],
    holds: { '1h': [], '3h': [] },
  })
  await check({
    measured: [entry('2xx', '0+1x480'), entry('5xx', '0x240 1 2 3 3x237')],
    holds: { '1h3m': [], '2h': [] },
  })
})

test('errors of 0.3% are a ticket, of 1% they wake somebody within hours, and of 3% at once', async () => {
  await check({
    measured: [entry('2xx', '0+997x720'), entry('5xx', '0+3x720')],
    holds: { '30m': [slow], '3h': [slow] },
  })
  await check({
    measured: [entry('2xx', '0+990x720'), entry('5xx', '0+10x720')],
    holds: { '30m': [medium, slow], '3h': [medium, slow] },
  })
  await check({
    measured: [entry('2xx', '0+970x240'), entry('5xx', '0+30x240')],
    holds: { '1h': [fast, medium, slow] },
  })
})

test('the long window says whether it matters, and the short one that it goes on', async () => {
  // Two good hours, then everything fails for two minutes: 3% of the last hour, 1.6% of all.
  await check({
    measured: [
      entry('2xx', '0+150x480 72000x7 72000+150x240'),
      entry('5xx', '0x480 150+150x7 1200x240'),
    ],
    holds: {
      '2h': [],
      '2h2m': [fast, medium, slow],
      // Five minutes later nothing fails any more, so that nobody has to hurry.
      '2h9m': [medium, slow],
      '2h40m': [slow],
    },
  })
})

test('what was cut on its way to the client has failed; what a client gave up has not', async () => {
  const good = entry('2xx', '0+900x240')
  await check({
    measured: [good, entry('aborted', '0+100x240')],
    holds: { '30m': [fast, medium, slow] },
  })
  await check({ measured: [good, entry('left', '0+100x240')], holds: { '30m': [] } })
})

test('where a web process is the entry itself, its own answers are judged', async () => {
  const served = (status: number, values: string): Series => ({
    series: `http_server_request_duration_seconds_count{node="web-1",service="web",http_route="/",http_response_status_code="${status}"}`,
    values,
  })
  await check({
    measured: [served(200, '0+900x240'), served(503, '0+100x240')],
    holds: { '30m': [fast, medium, slow] },
  })
})

test('services are judged apart', async () => {
  const other = entry('2xx', '0+100000x240')
  const measured = [
    entry('5xx', '0+10x240'),
    { ...other, series: other.series.replace('service="web"', 'service="api"') },
  ]
  await check({ measured, holds: { '30m': [fast, medium, slow] } })
})

test('what is wrong with a part is said after its time, and not before', async () => {
  const node = (health: string, up: number | string) => ({
    series: `banyan_node_up{node="web-1",tier="web",engine="process",host="local-1",role="web",health="${health}"}`,
    values: String(up),
  })
  const of = (series: string, values: string): Series => ({ series, values })
  const cases: readonly [alert: string, after: string, before: string, measured: Series[]][] = [
    // Now failed, now starting: it is one failure.
    [
      'BanyanNodeFailed',
      '5m',
      '2m',
      [
        node('healthy', '1x2 stale'),
        node('failed', '_ _ _ 0 stale 0 stale 0'),
        node('starting', '_ _ _ _ 0 stale 0 stale'),
      ],
    ],
    [
      'BanyanReplicaBehind',
      '5m',
      '2m',
      [of('banyan_replication_lag_bytes{node="db-3",shard="shard-1"}', '0 0 90000000x9')],
    ],
    [
      'BanyanSlotKeepsWal',
      '5m',
      '2m',
      [of('banyan_slot_wal_bytes{node="db-1",slot="db_3"}', '0 0 2000000000x9')],
    ],
    [
      'BanyanDiskAlmostFull',
      '5m',
      '2m',
      [
        of('system_filesystem_usage_bytes{system_filesystem_state="free"}', '50 50 9x9'),
        of('system_filesystem_usage_bytes{system_filesystem_state="used"}', '50 50 91x9'),
      ],
    ],
    ['BanyanClimbStuck', '17m', '15m', [of('banyan_climb_step_seconds', '0+60x20')]],
    [
      'BanyanTargetMissing',
      '5m',
      '2m',
      [of('up{job="banyan",node="web-1",instance="a:1"}', '1 1 0x9')],
    ],
  ]
  for (const [alert, later, earlier, measured] of cases) {
    await check({ measured, interval: '1m', holds: { [earlier]: [], [later]: [alert] } })
  }
  const tried = [...cases.map(([alert]) => alert), fast, medium, slow]
  assert.deepEqual(
    alertsOf(rulesOf())
      .map(({ alert }) => alert)
      .sort(),
    tried.sort(),
  )
})

test('what is stopped on purpose, and what drains for a climb, has not failed', async () => {
  for (const health of ['stopped', 'draining']) {
    const series = `banyan_node_up{node="web-1",tier="web",engine="process",host="local-1",role="web",health="${health}"}`
    await check({ measured: [{ series, values: '0x20' }], interval: '1m', holds: { '15m': [] } })
  }
})

test('every alert says what is wrong, what mends it, and what to do one thing after another', () => {
  for (const { alert, annotations, labels } of alertsOf(rulesOf())) {
    assert.match(alert, /^Banyan[A-Z]\w+$/)
    assert.match(labels.severity, /^(page|ticket)$/)
    assert.match(annotations.summary, /\.$/, alert)
    assert.match(annotations.description, /banyan [a-z]+|free space/i, alert)
    assert.match(annotations.runbook, /^1\. .+ 2\. /, alert)
  }
})
