import assert from 'node:assert/strict'
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { LogPage, MetricAnswer, StoreHealth, Trace, TracePage } from './api/types.ts'
import { encodeOtlp } from './testing/encode-otlp.ts'
import { startStore } from './testing/store-process.ts'
import { storeFileIn, temporaryFolder, until } from './testing/temporary.ts'

const said = (message: string, more: object = {}) =>
  `${JSON.stringify({ level: 'info', time: new Date().toISOString(), msg: message, ...more })}\n`

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

const spans = (id: Buffer | string, span: Buffer | string) => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.instance.id', value: { stringValue: 'web-1' } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: id,
              spanId: span,
              name: 'GET',
              kind: 2,
              startTimeUnixNano: `${Date.now()}000000`,
              endTimeUnixNano: `${Date.now() + 7}000000`,
            },
          ],
        },
      ],
    },
  ],
})

test('a store answers what it is asked, with its token only', async (t) => {
  const folder = temporaryFolder(t)
  const own = storeFileIn(folder)
  const { ask, port, kill, child } = await startStore(t, folder, {
    limits: { bodyBytes: 100_000 },
    secrets: ['a-secret-of-the-system'],
  })
  writeFileSync(
    own.targetsFile,
    JSON.stringify([{ targets: [`127.0.0.1:${port}`], labels: { node: 'store' } }]),
  )
  const refused = await fetch(`http://127.0.0.1:${port}/health`)
  assert.equal(refused.status, 401)
  appendFileSync(
    join(own.logs, 'web-1.log'),
    said('hello', { trace_id: traceId, password: 'hunter2' }),
  )
  appendFileSync(join(own.logs, 'web-1.log'), said('a-secret-of-the-system in a line'))

  const json = { 'content-type': 'application/json' }
  const protobuf = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' }
  const first = await ask('/v1/traces', {
    method: 'POST',
    headers: json,
    body: JSON.stringify(spans(traceId, '00f067aa0ba902b7')),
  })
  assert.deepEqual(first, { status: 200, body: {} })
  const bytes = spans(Buffer.from(traceId, 'hex'), Buffer.from('00f067aa0ba902b8', 'hex'))
  const packed = gzipSync(encodeOtlp('traces', bytes))
  const second = await ask('/v1/traces', { method: 'POST', headers: protobuf, body: packed })
  assert.deepEqual(second, { status: 200, body: '' })
  for (const [path, body, status] of [
    ['/v1/traces', '{', 400],
    ['/v1/traces', 'x'.repeat(100_001), 413],
    ['/v1/logs', '[]', 200],
    ['/query', '{"metric":"a"}', 400],
    ['/nothing', '', 404],
  ] as const)
    assert.equal((await ask(path, { method: 'POST', headers: json, body })).status, status, path)
  const bomb = gzipSync(Buffer.alloc(1_000_000))
  assert.equal(
    (await ask('/v1/traces', { method: 'POST', headers: protobuf, body: bomb })).status,
    413,
  )

  await until('the lines', async () => ((await ask('/health')).body as StoreHealth).lines === 2)
  const page = (await ask('/logs?text=hello')).body as LogPage
  assert.deepEqual(
    page.lines.map(({ message, node, fields }) => [message, node, fields]),
    [['hello', 'web-1', { password: '•••' }]],
  )
  assert.doesNotMatch(JSON.stringify((await ask('/logs')).body), /hunter2|a-secret-of-the-system/)
  const trace = (await ask(`/traces/${traceId}`)).body as Trace
  assert.deepEqual([trace.spans.length, trace.lines], [2, 1])
  assert.equal(((await ask('/traces?node=web-1')).body as TracePage).traces.length, 1)
  assert.equal((await ask('/traces/0af7651916cd43dd8448eb211c80319c')).status, 404)
  const query = (stepMs: number) => ({
    method: 'POST',
    body: JSON.stringify({
      metric: 'process_uptime_seconds',
      fn: 'max',
      from: Date.now() - 10_000,
      to: Date.now(),
      stepMs,
      by: ['node'],
    }),
  })
  await until('a sample of its own', async () => {
    const { series } = (await ask('/query', query(10_000))).body as MetricAnswer
    return series[0]?.labels.node === 'store' && (series[0].values[0] ?? 0) > 0
  })
  assert.equal((await ask('/query', query(999))).status, 400)
  assert.match(String((await ask('/-/metrics')).body), /banyan_store_rows_total{signal="spans"} 2/)
  for (const path of ['/live', '/business', '/marks?from=0', '/logs?level=error&from=1'])
    assert.equal((await ask(path)).status, 200, path)
  assert.equal((await ask('/logs?level=loud')).status, 400)
  assert.equal(await kill('SIGTERM'), 0)
  assert.equal(child.exitCode, 0)
})

test('a line comes to those who follow, as it is written', async (t) => {
  const folder = temporaryFolder(t)
  const own = storeFileIn(folder)
  const { port } = await startStore(t, folder)
  const followed = await fetch(`http://127.0.0.1:${port}/logs/follow?text=wanted`, {
    headers: { authorization: `Bearer ${own.token}` },
  })
  appendFileSync(join(own.logs, 'web-1.log'), said('other') + said('wanted one'))
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of followed.body ?? []) {
    text += decoder.decode(chunk as Uint8Array)
    if (text.includes('\n\nid: ') && text.endsWith('\n\n')) break
  }
  assert.match(text, /data: {.*"message":"wanted one"/)
  assert.doesNotMatch(text, /"other"/)
})

test('killed in the middle of its writing it goes on where it was: no line twice, none lost', async (t) => {
  const folder = temporaryFolder(t)
  const own = storeFileIn(folder)
  const log = join(own.logs, 'web-1.log')
  const total = 6_000
  let written = 0
  for (let round = 0; written < total; round += 1) {
    const { kill, ask } = await startStore(t, folder)
    const writing = setInterval(() => {
      if (written >= total) return
      let text = ''
      for (let at = 0; at < 100; at += 1) text += said(`line ${written++}`)
      appendFileSync(log, text)
    }, 5)
    await new Promise((resolve) => setTimeout(resolve, 120 + round * 37))
    clearInterval(writing)
    if (written < total) await kill('SIGKILL')
    else
      await until(
        'all lines',
        async () => ((await ask('/health')).body as StoreHealth).lines >= total,
      )
  }
  const { kill, ask } = await startStore(t, folder)
  await until('all lines', async () => ((await ask('/health')).body as StoreHealth).lines >= total)
  await kill('SIGTERM')
  const database = new DatabaseSync(join(own.directory, 'logs.db'), { readOnly: true })
  const count = database
    .prepare('select count(*) as n, count(distinct message) as d from lines')
    .get()
  assert.deepEqual({ ...count }, { n: total, d: total })
  assert.deepEqual(
    { ...database.prepare('pragma integrity_check').get() },
    { integrity_check: 'ok' },
  )
  database.close()
})

test('files that are damaged are moved aside, and the store starts', async (t) => {
  const folder = temporaryFolder(t)
  const own = storeFileIn(folder)
  writeFileSync(join(own.logs, 'web-1.log'), said('hello'))
  await (await startStore(t, folder)).kill('SIGTERM')
  for (const name of ['metrics', 'logs', 'traces'])
    writeFileSync(join(own.directory, `${name}.db`), `not a database ${'x'.repeat(9_000)}`)
  const { ask } = await startStore(t, folder)
  await until('the line', async () => ((await ask('/health')).body as StoreHealth).lines === 1)
  const aside = readdirSync(own.directory).filter((name) => name.endsWith('.damaged'))
  assert.deepEqual(aside.sort(), ['logs.db.damaged', 'metrics.db.damaged', 'traces.db.damaged'])
})

test('a file that is damaged in its middle is found out when it is used, and begun anew', async (t) => {
  const folder = temporaryFolder(t)
  const own = storeFileIn(folder)
  const log = join(own.logs, 'web-1.log')
  for (let at = 0; at < 2_000; at += 1) appendFileSync(log, said(`line ${at}`))
  const before = await startStore(t, folder)
  const lines = async ({ ask }: typeof before) =>
    ((await ask('/health')).body as StoreHealth | null)?.lines
  await until('all lines', async () => (await lines(before)) === 2_000)
  await before.kill('SIGTERM')
  const path = join(own.directory, 'logs.db')
  const bytes = readFileSync(path)
  bytes.fill(0xa5, 4_096 * 3)
  writeFileSync(path, bytes)
  const after = await startStore(t, folder)
  appendFileSync(log, said('one more'))
  await until('all lines anew', async () => (await lines(after)) === 2_001)
  assert.equal(((await after.ask('/logs?text=more')).body as LogPage).lines.length, 1)
  assert.ok(readdirSync(own.directory).includes('logs.db.damaged'))
})

test('a store that cannot start says why and ends', async (t) => {
  const folder = temporaryFolder(t)
  const { port } = await startStore(t, folder)
  const other = temporaryFolder(t)
  await assert.rejects(startStore(t, other, { port }), /BANYAN_PORT_TAKEN/)
  const child = fork(new URL('./main.ts', import.meta.url), [join(folder, 'none.json')], {
    silent: true,
  })
  const [word] = (await once(child, 'message')) as [{ code: string }]
  assert.equal(word.code, 'BANYAN_STORE_FILE_INVALID')
  if (child.exitCode === null) await once(child, 'exit')
  assert.equal(child.exitCode, 1)
})

function smallDisk(): string | null {
  const place = mkdtempSync(join(tmpdir(), 'banyan-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'ignore' })
    return place
  } catch {
    rmSync(place, { recursive: true })
    return null
  }
}

test('on a full disk the store says so and answers, and goes on once there is room', async (t) => {
  const disk = smallDisk()
  if (disk === null) return t.skip('needs the right to mount a tmpfs (root)')
  const folder = temporaryFolder(t)
  const own = storeFileIn(folder)
  t.after(() => execFileSync('umount', ['-l', disk]))
  const { ask, kill } = await startStore(t, folder, { directory: join(disk, 'store') })
  const health = async () => (await ask('/health')).body as StoreHealth
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(600_000))
  const lines = Array.from({ length: 600 }, (_, at) => said(`line ${at}`))
  appendFileSync(join(own.logs, 'web-1.log'), said('x '.repeat(30_000)).repeat(3))
  appendFileSync(join(own.logs, 'web-1.log'), lines.join(''))
  await until('word of the full disk', async () => /full/.test((await health()).trouble ?? ''))
  rmSync(join(disk, 'ballast'))
  await until('all lines', async () => (await health()).lines === 603)
  assert.equal((await health()).trouble, null)
  assert.equal(await kill('SIGTERM'), 0)
})
