import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Report } from '@banyan/prove'
import { WebSocketServer } from 'ws'

const program = new URL('../../bin/banyan.mjs', import.meta.url).pathname

/** Notes in memory; every note of the user `liar` is forgotten. */
const notes = new Map<string, string>()
const server = createServer(async (request, response) => {
  const key = request.url ?? ''
  if (request.method === 'PUT') {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    if (!key.includes('liar')) notes.set(key, (JSON.parse(text) as { text: string }).text)
    response.end()
    return
  }
  response.statusCode = key === '/' || notes.has(key) ? 200 : 404
  response.end(JSON.stringify({ text: notes.get(key) ?? null }))
})

const sockets = new WebSocketServer({ server, path: '/live' })

let folder = ''
let url = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-cli-prove-'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(async () => {
  for (const socket of sockets.clients) socket.terminate()
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs the real command in the folder; with `interrupt` a signal comes with the load. */
async function banyan(
  words: readonly string[],
  interrupt: NodeJS.Signals | null = null,
): Promise<Ended> {
  const child = spawn(process.execPath, [program, 'prove', ...words], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  if (interrupt) server.once('request', () => child.kill(interrupt))
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** A scenario of one user's note. */
const scenarioOf = async (user: string): Promise<string> => {
  const path = join(folder, `${user}.ts`)
  await writeFile(
    path,
    `import { defineScenario, type Turn } from '@banyan/prove'
const read = async (turn: Turn) => {
  const answer = await turn.request('GET', '/${user}', { accept: [404] })
  return answer.status === 404 ? null : answer.json<{ text: string }>().text
}
export default defineScenario({
  name: '${user}',
  actions: [{ name: 'write', kind: 'write', weight: 1, run: (turn) => {
    const text = turn.unique('text')
    return turn.register<string>('note', { read }).write(text, () =>
      turn.request('PUT', '/${user}', { json: { text } }))
  } }],
})`,
  )
  return path
}

const load = ['--rate', '40', '--seconds', '1']

test('prove ends with 0 and one object when nothing was lost', async () => {
  const scenario = await scenarioOf('ada')
  const { code, stdout } = await banyan([
    ...['--json', '--url', url, '--scenario', scenario, '--seed', '5'],
    ...load,
  ])
  const report = JSON.parse(stdout) as Record<string, unknown>
  assert.equal(code, 0)
  assert.equal(stdout.trimEnd().split('\n').length, 1)
  for (const [field, value] of Object.entries({
    scenario: 'ada',
    seed: 5,
    seconds: 1,
    targetRate: 40,
    sent: 40,
    ok: 40,
    failed: { total: 0, byCause: {} },
    acknowledgedWrites: 40,
    lost: 0,
    doubled: 0,
    staleReads: 0,
    unknownOutcome: 0,
  })) {
    assert.deepEqual(report[field], value, field)
  }
  for (const field of ['p50Ms', 'p99Ms', 'p999Ms', 'maxMs', 'longestGapMs']) {
    assert.equal(typeof report[field], 'number', field)
  }
})

test('prove ends with 1 and a sentence when a write was lost', async () => {
  const scenario = await scenarioOf('liar')
  const { code, stdout } = await banyan(['--url', url, '--scenario', scenario, ...load])
  assert.equal(code, 1)
  assert.match(stdout, /lost 1/)
  assert.match(stdout, /^lost {2}note: /m)
})

test('without a system and a scenario the front page is sent for, and that proves nothing', async () => {
  const { code, stdout, stderr } = await banyan(['--url', url, ...load])
  assert.equal(code, 0)
  assert.match(stdout, /^GET \/: 1 s at 40 of 40 actions a second/)
  assert.match(stdout, /facts +lost, doubled and stale were not looked for/)
  assert.match(stderr, /only GET \/ is sent/)
})

test('whoever reads it without a terminal is told once that the load has begun', async () => {
  const words = ['--url', url, '--rate', '20', '--seconds', '3']
  const [json, text] = await Promise.all([banyan([...words, '--json']), banyan(words)])
  assert.equal(json.stderr, 'The load has begun.\n')
  assert.equal(text.stderr.split('The load has begun.\n').length, 2, text.stderr)
})

test('Ctrl-C ends the load, and what was done is reported', async () => {
  const words = ['--url', url, '--rate', '20', '--seconds', '120', '--json']
  const { code, stdout } = await banyan(words, 'SIGINT')
  const report = JSON.parse(stdout) as { interrupted: boolean; seconds: number }
  assert.equal(code, 0)
  assert.equal(report.interrupted, true)
  assert.ok(report.seconds < 60)
})

const liveScenario = `export default {
  name: 'live', webSocket: '/live',
  actions: [{ name: 'look', kind: 'read', weight: 1, run: (turn) => turn.request('GET', '/') }] }`

test('WebSockets and clients of one request are told in the report, for people and as JSON', async () => {
  const path = join(folder, 'live.ts')
  await writeFile(path, liveScenario)
  const words = ['--url', url, '--scenario', path, '--websockets', '3', '--one-request', '0.5']
  const json = await banyan([...words, ...load, '--json', '--strict'])
  const { webSockets, clients } = JSON.parse(json.stdout) as Report
  assert.equal(json.code, 0, json.stdout)
  assert.deepEqual([webSockets?.clients, webSockets?.opened, webSockets?.failed.total], [3, 3, 0])
  const [kept, alone] = clients
  assert.equal((kept?.sent ?? 0) + (alone?.sent ?? 0), 40)
  assert.ok((kept?.ok ?? 0) > 0 && (alone?.ok ?? 0) > 0)
  const { stdout } = await banyan([...words, ...load])
  assert.match(stdout, /websocket visitors 3, opened 3 times, 0 closed well, 0 failed/)
  assert.match(stdout, /one-request: \d+ sent, 0 failed, p50 /)
})

test('what failed makes it exit with 1 only where it has to be flawless', async () => {
  const words = ['--url', url, '--websockets', '1', '--websocket-path', '/nowhere', ...load]
  const lenient = await banyan(words)
  assert.equal(lenient.code, 0, lenient.stderr)
  assert.match(lenient.stdout, /\d × HTTP 400/)
  assert.match(lenient.stdout, /No WebSocket was ever opened/)
  assert.equal((await banyan([...words, '--strict'])).code, 1)
})

test('SIGTERM in the middle ends with a full report, and with 1 when it found something', async () => {
  const words = ['--url', url, '--scenario', await scenarioOf('liar'), '--rate', '20']
  const child = [...words, '--seconds', '120', '--json', '--websockets', '2']
  const { code, stdout } = await banyan([...child, '--websocket-path', '/live'], 'SIGTERM')
  const report = JSON.parse(stdout) as Report
  assert.equal(code, 1)
  assert.equal(report.interrupted, true)
  assert.ok((report.lost ?? 0) + (report.staleReads ?? 0) > 0)
  assert.equal(report.webSockets?.failed.total, 0)
})

for (const [what, words] of [
  ['a share of more than all', ['--one-request', '1.5']],
  ['a rate of 0', ['--rate', '0']],
  ['a negative rate', ['--rate', '-5']],
  ['an absurd rate', ['--rate', '1e99']],
  ['a rate that is no number', ['--rate', 'fast']],
  ['no time at all', ['--seconds', '0']],
  ['a seed that is no number', ['--seed', 'x']],
] as const) {
  test(`${what} is wrong usage`, async () => {
    const { code, stderr } = await banyan([...words, '--url', url])
    assert.equal(code, 2)
    assert.match(stderr, /It has to be a (whole )?number/)
  })
}

test('nothing that runs, nothing that answers, and no such scenario are told apart', async () => {
  const codeOf = async (words: readonly string[]) => {
    const { code, stdout } = await banyan([...words, '--json'])
    const { error } = JSON.parse(stdout) as { error: { code: string; hint: string } }
    assert.ok(error.hint)
    return [code, error.code]
  }
  assert.deepEqual(await codeOf([]), [1, 'BANYAN_NOT_RUNNING'])
  assert.deepEqual(await codeOf(['--url', 'http://127.0.0.1:1']), [1, 'BANYAN_PROOF_UNREACHABLE'])
  assert.deepEqual(await codeOf(['--url', 'nonsense']), [1, 'BANYAN_PROOF_OPTION_INVALID'])
  const missing = ['--url', url, '--scenario', './no-such-file.ts']
  assert.deepEqual(await codeOf(missing), [1, 'BANYAN_SCENARIO_NOT_FOUND'])
  const elsewhere = ['--url', url, '--scenario', 'built-in']
  assert.deepEqual(await codeOf(elsewhere), [1, 'BANYAN_SCENARIO_NOT_FOUND'])
})
