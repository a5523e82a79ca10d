// The store behind the console, as control starts it: a search over a million lines of logs that it read from files,
// and what it costs to read the targets of a system once a second. Prints JSON.
// usage: node bench/store.ts [lines] [seconds of scraping]
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StoreFile } from '@banyan/store'
import type { LogPage, StoreHealth } from '@banyan/store/api'
import { percentile } from './lib/statistics.ts'

const lines = Number(process.argv[2] ?? 1_000_000)
const seconds = Number(process.argv[3] ?? 130)
const small = 6
const seriesEach = 300
const rounds = 40

const folder = mkdtempSync(join(tmpdir(), 'banyan-bench-store-'))
const logs = join(folder, 'logs')
mkdirSync(logs)

let seed = Number(process.env.BANYAN_SEED ?? 1)
/** A small generator, so that a run can be repeated. */
function random(): number {
  seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32
  return seed / 2 ** 32
}
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T

const fileOf = (name: string, port: number, more: Partial<StoreFile> = {}): StoreFile => ({
  format: 1,
  directory: join(folder, name),
  host: '127.0.0.1',
  port,
  token: 'bench-of-the-store',
  targetsFile: join(folder, `${name}-targets.json`),
  metricsToken: 'bench-of-the-targets',
  logs: join(folder, 'none'),
  controlLog: join(folder, 'control.log'),
  holderLog: join(folder, 'holder.log'),
  telemetry: { enabled: true, traces: { share: 0, slowMs: 500 }, export: null, business: [] },
  ...more,
})

const running = new Set<ChildProcess>()

async function start(file: StoreFile) {
  const path = join(folder, 'store.json')
  writeFileSync(path, JSON.stringify(file))
  const program = fileURLToPath(import.meta.resolve('@banyan/store/main'))
  const child = fork(program, [path], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  running.add(child)
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  const ask = async <T>(route: string): Promise<T> => {
    const headers = { authorization: `Bearer ${file.token}` }
    const response = await fetch(`http://127.0.0.1:${port}${route}`, { headers })
    if (!response.ok) throw new Error(`${route}: ${response.status} ${await response.text()}`)
    const text = await response.text()
    return (route === '/-/metrics' ? text : JSON.parse(text)) as T
  }
  const stop = async () => {
    running.delete(child)
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  return { ask, stop }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const nodes = ['gateway-1', 'web-1', 'web-2', 'web-3', 'web-4', 'db-1']
const words = Array.from({ length: 5_000 }, (_, at) => `slug${(at * 7_919) % 99_991}`)
const begin = Date.now() - 3_600_000

/** As a system writes them: mostly requests, some warnings, few errors; two words are very rare. */
function lineAt(at: number): string {
  const time = new Date(begin + (at * 3_600_000) / lines).toISOString()
  const rare = at % 250_000 === 7 ? ' needleinhay' : ''
  const level = at % 500 === 0 ? 'error' : at % 50 === 0 ? 'warn' : 'info'
  return `${JSON.stringify({
    level,
    time,
    pid: 6_167,
    service: 'web',
    reqId: `TJJU5h0A-${at.toString(36)}`,
    method: pick(['GET', 'GET', 'GET', 'POST']),
    path: `/api/articles/${pick(words)}-${pick(words)}`,
    status: level === 'error' ? 500 : 200,
    durationMs: Math.round(random() * 50_000) / 1_000,
    msg: level === 'warn' ? `slow statement${rare}` : `request finished${rare}`,
  })}\n`
}

function writeLogs(): void {
  const texts = new Map<string, string>(nodes.map((node) => [node, '']))
  const flush = () => {
    for (const [node, text] of texts) appendFileSync(join(logs, `${node}.log`), text)
    for (const node of nodes) texts.set(node, '')
  }
  for (let at = 0; at < lines; at += 1) {
    const node = nodes[at % 97 === 0 ? 5 : at % 5] as string
    texts.set(node, (texts.get(node) ?? '') + lineAt(at))
    if (at % 50_000 === 0) flush()
  }
  flush()
}

const middle = begin + 1_800_000
const searches: Readonly<Record<string, () => string>> = {
  newest: () => '',
  frequentWord: () => 'text=finished',
  word: () => `text=${pick(words)}`,
  rareWord: () => 'text=needleinhay',
  noSuchWord: () => 'text=nosuchwordatall',
  phrase: () => 'text=%22request+finished%22',
  phraseThatIsNot: () => 'text=%22finished+request%22',
  twoFrequentWords: () => 'text=GET+finished',
  wordWithFilters: () => `text=${pick(words)}&nodes=web-2&level=info`,
  frequentWithRareFilters: () => 'text=finished&nodes=db-1&level=error',
  filtersOnly: () => 'nodes=db-1&level=error',
  excluded: () => 'text=-finished',
  prefix: () => 'text=slug12*',
  timeRange: () => `text=finished&from=${middle}&to=${middle + 60_000}`,
  rareInTimeRange: () => `text=${pick(words)}&from=${middle}&to=${middle + 600_000}`,
}

async function searching() {
  writeLogs()
  const { ask, stop } = await start(fileOf('searched', 0, { logs, limits: { logMs: 7.2e7 } }))
  const begun = performance.now()
  const kept = async () => (await ask<StoreHealth>('/health')).lines
  while ((await kept()) < lines) await sleep(250)
  const readMs = performance.now() - begun
  const cpu = await cpuOf(ask)
  const all: number[] = []
  const p95Ms: Record<string, number> = {}
  const found: Record<string, number> = {}
  for (const [name, query] of Object.entries(searches)) {
    const times: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const from = performance.now()
      const page = await ask<LogPage>(`/logs?limit=200&${query()}`)
      times.push(performance.now() - from)
      found[name] = page.lines.length
    }
    all.push(...times)
    p95Ms[name] = round(percentile(times, 0.95))
  }
  const { bytes } = await ask<StoreHealth>('/health')
  await stop()
  return {
    lines,
    megabytes: round(bytes / 1e6),
    textMegabytes: round(
      nodes.reduce((sum, node) => sum + statSync(join(logs, `${node}.log`)).size, 0) / 1e6,
    ),
    readSeconds: round(readMs / 1_000),
    cpuMicrosPerLine: round((cpu / lines) * 1e6),
    p95Ms: { all: round(percentile(all, 0.95)), ...p95Ms },
    found,
  }
}

/** CPU seconds that the store has used, as it says itself. */
async function cpuOf(ask: <T>(route: string) => Promise<T>): Promise<number> {
  const text = await ask<string>('/-/metrics')
  const counts = text.matchAll(/^process_cpu_time_seconds_total\{.*\} (\S+)$/gm)
  return [...counts].reduce((sum, [, value]) => sum + Number(value), 0)
}

/** A target of which most series move a little, as those of a web process under load. */
function target(number: number) {
  let second = 0
  const server = createServer((_, response) => {
    second += 1
    let text = '# TYPE http_server_request_duration_seconds histogram\n'
    for (let at = 0; at < seriesEach; at += 1) {
      const le = at % 15 === 14 ? '+Inf' : String((at % 15) / 10)
      const value = at % 3 === 0 ? second * (at + number) : at
      const route = `/api/articles/:slug/${Math.floor(at / 15)}`
      text += `http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="${route}",http_response_status_code="200",le="${le}"} ${value}\n`
    }
    response.end(text)
  })
  server.listen(0, '127.0.0.1')
  return server
}

async function scraping(count: number) {
  const servers = Array.from({ length: count }, (_, number) => target(number))
  await Promise.all(servers.map((server) => server.listening || once(server, 'listening')))
  const file = fileOf(`scraped-${count}`, 0)
  const targets = servers.map((server, at) => ({
    targets: [`127.0.0.1:${(server.address() as AddressInfo).port}`],
    labels: { node: `web-${at}`, tier: 'web', engine: 'process' },
  }))
  writeFileSync(file.targetsFile, JSON.stringify(targets))
  const { ask, stop } = await start(file)
  await sleep(10_000)
  const before = await cpuOf(ask)
  const begun = performance.now()
  for (let at = 0; at < seconds; at += 1) {
    await ask('/live')
    await sleep(1_000)
  }
  const cpu = (await cpuOf(ask)) - before
  const took = (performance.now() - begun) / 1_000
  const metrics = await ask<string>('/-/metrics')
  const number = (name: string) => Number(metrics.match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1])
  const samples = number('banyan_store_rows_total\\{signal="samples"\\}')
  await stop()
  for (const server of servers) server.closeAllConnections()
  for (const server of servers) server.close()
  const bytes = statSync(join(file.directory, 'metrics.db')).size
  return {
    targets: count,
    seriesEach,
    seconds: round(took),
    cpuPercent: round((cpu / took) * 100),
    residentMb: round(number('process_memory_usage_bytes') / 1e6),
    samples,
    bytesPerSample: round(bytes / samples),
  }
}

const round = (value: number): number => Math.round(value * 100) / 100

try {
  const result = {
    scraping: await scraping(small),
    scraping30: await scraping(30),
    searching: await searching(),
  }
  console.log(JSON.stringify(result, null, 2))
} finally {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
