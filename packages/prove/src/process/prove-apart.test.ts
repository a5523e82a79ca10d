import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import { type ApartOptions, proveApart } from './prove-apart.ts'

const server = createServer((_request, response) => response.end('ok'))
let folder = ''
let url = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-prove-'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

let files = 0

/** Proves with a scenario file of this text. */
const prove = async (text: string, options: Partial<ApartOptions> = {}) => {
  const path = join(folder, `proof-${++files}.ts`)
  await writeFile(path, text)
  return proveApart({ scenario: { kind: 'file', path }, url, rate: 20, seconds: 0.5, ...options })
}

const errorOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  assert.ok(BanyanError.is(error), `a BanyanError, not ${String(error)}`)
  assert.ok(error.hint, 'it has a hint')
  return `${error.code} ${error.message}`
}

/** A scenario whose only action has this body. */
const acting = (body: string): string => `
import { defineScenario, type Turn } from '@banyan/prove'
export default defineScenario({
  name: 'acting',
  actions: [{ name: 'act', kind: 'read', weight: 1, run: async (turn: Turn) => {
    ${body}
  } }],
})`

test('a scenario file runs in a process of its own and may lie anywhere', async () => {
  const seconds: number[] = []
  const report = await prove(acting("await turn.request('GET', '/')"), {
    seconds: 1.5,
    onProgress: ({ second }) => seconds.push(second),
  })
  assert.equal(report.scenario, 'acting')
  assert.equal(report.ok, 30)
  assert.ok(report.proverCpuPercent > 0)
  assert.ok(seconds.length >= 3)
})

test('the front page needs no file', async () => {
  const report = await proveApart({
    scenario: { kind: 'front-page', path: '/health' },
    url,
    rate: 20,
    seconds: 0.5,
  })
  assert.equal(report.scenario, 'GET /health')
  assert.equal(report.ok, 10)
})

test('a file that is not there is named', async () => {
  const path = join(folder, 'nowhere.ts')
  const error = await errorOf(proveApart({ scenario: { kind: 'file', path }, url }))
  assert.match(error, /^BANYAN_SCENARIO_NOT_FOUND There is no scenario file at .*nowhere\.ts\./)
})

test('a file that cannot be parsed is named with its line', async () => {
  const error = await errorOf(prove('const a = 1\nconst b = = 2\nexport default a'))
  assert.match(error, /^BANYAN_SCENARIO_FAILED .*SyntaxError.*proof-\d+\.ts:2\)/s)
})

test('a file that throws when it is imported is named with its line', async () => {
  const error = await errorOf(prove("\n\nthrow new Error('not today')"))
  assert.match(error, /^BANYAN_SCENARIO_FAILED .*not today.*proof-\d+\.ts:3\)/)
})

test('a missing package is named, with the command that installs it', async () => {
  const error = await prove("import 'no-such-package-here'").catch((reason: unknown) => reason)
  assert.ok(BanyanError.is(error))
  assert.equal(error.hint, 'Install it: npm install no-such-package-here')
})

test('a file without a default export is told what to write', async () => {
  const error = await errorOf(prove('export const proof = {}'))
  assert.match(error, /^BANYAN_SCENARIO_INVALID .*exports proof; a default export is expected/)
})

test('a scenario with faults is refused by the name of its file', async () => {
  const error = await errorOf(prove("export default { name: 'x', actions: [] }"))
  assert.match(error, /^BANYAN_SCENARIO_INVALID The scenario in proof-\d+\.ts has a fault:/)
})

test('an action that exits ends the proof with the place of the exit', async () => {
  const error = await errorOf(prove(acting('process.exit(3)')))
  assert.match(
    error,
    /^BANYAN_SCENARIO_ENDED The prover ended its process with code 3, without a report, at .*proof-\d+\.ts:6; the last that began was action "act"\./,
  )
})

test('a scenario that kills its process is told by the signal', async () => {
  const error = await errorOf(prove(acting("process.kill(process.pid, 'SIGKILL')")))
  assert.match(error, /^BANYAN_SCENARIO_ENDED The prover was ended by SIGKILL/)
})

test('an endless loop is found with its file and line', async () => {
  const error = await errorOf(prove(acting('await 0\n    for (;;) turn.index')))
  assert.match(
    error,
    /^BANYAN_SCENARIO_STUCK The scenario kept its process busy for 10 s at .*proof-\d+\.ts:7; the last that began was action "act"\./,
  )
})

test('what a scenario throws behind its own back is counted, and the proof goes on', async () => {
  const report = await prove(
    acting("setTimeout(() => { throw new Error('too late') }, 1); await turn.request('GET', '/')"),
  )
  assert.equal(report.ok, 10)
  assert.equal(report.failed.total, 10)
  assert.match(
    Object.keys(report.failed.byCause).join(),
    /^outside of any action: Error: too late \(.*proof-\d+\.ts:6\)$/,
  )
})

test('the first interruption ends the load and gives a report, the second ends everything', async () => {
  const [stop, kill] = [new AbortController(), new AbortController()]
  const once = await prove(acting("await turn.request('GET', '/')"), {
    seconds: 60,
    signal: stop.signal,
    onProgress: ({ phase }) => phase === 'load' && stop.abort(),
  })
  assert.equal(once.interrupted, true)
  assert.ok(once.seconds < 10)
  const twice = prove(acting('await new Promise(() => {})'), {
    seconds: 60,
    kill: kill.signal,
    onProgress: ({ phase }) => phase === 'load' && kill.abort(),
  })
  assert.match(await errorOf(twice), /^BANYAN_INTERRUPTED /)
})

test('a prover ends when whoever started it is gone', async () => {
  const path = join(folder, 'pid.ts')
  await writeFile(path, acting("console.log('pid', process.pid); await turn.request('GET', '/')"))
  const job = { scenario: { kind: 'file', path }, url, rate: 10, seconds: 60 }
  const module = new URL('./prove-apart.ts', import.meta.url).href
  const parent = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { proveApart } from '${module}'\nawait proveApart(${JSON.stringify(job)})`,
  ])
  const pid = await new Promise<number>((resolve) => {
    let text = ''
    parent.stderr.on('data', (chunk) => {
      text += String(chunk)
      const found = /pid (\d+)\n/.exec(text)
      if (found) resolve(Number(found[1]))
    })
  })
  parent.kill('SIGKILL')
  const isGone = () => {
    try {
      process.kill(pid, 0)
      return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return true
    }
  }
  for (let tries = 0; tries < 200 && !isGone(); tries++) await delay(50)
  assert.ok(isGone(), `process ${pid} still runs`)
})
