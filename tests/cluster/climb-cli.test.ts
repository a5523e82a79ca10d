import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClimbReport, ControlEvent, Status } from '@banyan/control/api'
import { startLoad } from '@banyan/testing'
import { eventually, makeApp, type Running, type TestApp } from './support/banyan.ts'

/* `banyan grow` and `banyan shrink` as somebody at a terminal, or a script, has them. */

const serve = new URL('../../packages/banyan/src/index.ts', import.meta.url).pathname

/** A web server that takes its time to start, and crashes where a file says so. */
const web = `import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from ${JSON.stringify(serve)}
// What runs lies in a snapshot; the folder that the test writes to is that of the state directory.
const file = (name) => existsSync(join(process.env.BANYAN_SYSTEM, '../../../..', name))
if (file('crash-' + process.env.BANYAN_NODE)) throw new Error('no disk to work on')
if (file('slow')) await new Promise((resolve) => setTimeout(resolve, 2500))
await serve((request, response) => response.end(process.env.BANYAN_NODE))
`

// As in a test run of all: also where this file runs by itself.
process.env.BANYAN_TELEMETRY = 'off'

type Line = ControlEvent | ClimbReport

let app: TestApp
before(async () => {
  app = await makeApp({ 'web.mjs': web })
  const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
  assert.equal(code, 0, stderr)
})
after(async () => await app.remove())
afterEach(async () => await backToSingle())

const status = async () => (await app.json('status')) as unknown as Status
const ask = async () => {
  const response = await fetch(app.url)
  if (response.status !== 200) throw new Error(`status ${response.status}`)
  return await response.text()
}
const slow = async () => await app.write('slow', '')
const forget = async (name: string) => {
  const { rm } = await import('node:fs/promises')
  await rm(join(app.folder, name), { force: true })
}
const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
const isRunning = (line: Line): line is ControlEvent => 'type' in line

/** Each test begins on one server that serves, whatever the one before came to. */
async function backToSingle(): Promise<void> {
  await forget('slow')
  await forget('crash-web-2')
  await eventually(async () => (await status()).climb === null || null)
  const { rungs } = await status()
  if (rungs.length > 1) await app.banyan('shrink', ...rungs.slice(1))
  assert.deepEqual((await status()).rungs, ['single'])
}

/** Until the climb is in the middle of starting the second web server. */
async function untilStarting(running: Running): Promise<void> {
  await running.until(/Place web-2 on local-2\./)
  await eventually(async () => {
    const { nodes } = await status()
    return nodes.some(({ name, pid }) => name === 'web-2' && pid !== null) || null
  })
}

async function controlPid(): Promise<number> {
  return JSON.parse(await readFile(join(app.state, 'control.json'), 'utf8')).pid
}

test('grow says each step when it ends, and sums the climb up; shrink leads back', async () => {
  const load = startLoad({ rate: 50, send: ask })
  const grown = await app.banyan('grow', 'balanced')
  const shrunk = await app.banyan('shrink', 'balanced')
  const { failed, sent } = await load.stop()
  assert.deepEqual(failed, [], `${failed.length} of ${sent} failed`)
  for (const { code, stdout, stderr } of [grown, shrunk]) {
    assert.deepEqual([code, stderr], [0, ''])
    const lines = stdout.trim().split('\n')
    const steps = lines.filter((line) => line.startsWith('✓'))
    const places = steps.map((line) => /^✓ (\d+\/\d+) .*\. [\d.]+ m?s$/.exec(line)?.[1])
    const count = steps.length
    assert.deepEqual(
      places,
      steps.map((_line, index) => `${index + 1}/${count}`),
    )
    assert.match(
      lines.at(-1) ?? '',
      new RegExp(
        `^${count}/${count} steps in [\\d.,]+ m?s, 0 of [\\d,]+ requests failed, longest write pause [\\d.]+ m?s$`,
      ),
    )
  }
})

test('with --json each line is an event of this climb, and the last one is the report', async () => {
  await app.banyan('grow', 'balanced')
  const { stdout, code } = await app.banyan('shrink', '--json')
  assert.equal(code, 0)
  const lines = linesOf(stdout)
  const report = lines.at(-1) as ClimbReport
  assert.deepEqual(
    [report.direction, report.from, report.to, report.outcome, report.reason],
    ['shrink', ['single', 'balanced'], ['single'], 'done', null],
  )
  const events = lines.slice(0, -1)
  assert.ok(events.every(isRunning))
  const [first, last] = [events.at(0), events.at(-1)]
  assert.ok(first?.type === 'climb' && first.outcome === 'begun' && first.climb === report.climb)
  assert.ok(last?.type === 'climb' && last.outcome === 'done')
  const done = events.filter((event) => event.type === 'step' && event.outcome === 'done')
  assert.equal(done.length, report.steps.length)
  assert.ok(report.steps.length > 5 && report.steps.every(({ ms }) => ms !== null))
  assert.ok(report.totalMs > 0 && report.requests.failed === 0)
  assert.ok((report.longestWritePauseMs ?? 0) > 0)
})

test('grow without a name takes the next rung, shrink gives up the last, and both say when there is none', async () => {
  const ladder = ['single', 'split', 'balanced', 'replicated']
  for (const count of [2, 3, 4]) {
    const { code, stderr } = await app.banyan('grow')
    assert.deepEqual([code, stderr], [0, ''])
    assert.deepEqual((await status()).rungs, ladder.slice(0, count))
  }
  // The rung that is left takes programs that need not be here.
  const again = await app.banyan('grow', 'replicated')
  assert.deepEqual(
    [again.code, again.stdout.trim().split('\n').at(-1)],
    [0, 'There is nothing to do: single, split, balanced and replicated hold.'],
  )
  const twice = (await app.json('grow', 'balanced')) as unknown as ClimbReport
  assert.deepEqual([twice.outcome, twice.steps], ['done', []])
  for (const count of [3, 2, 1]) {
    assert.equal((await app.banyan('shrink')).code, 0)
    assert.deepEqual((await status()).rungs, ladder.slice(0, count))
  }
})

test('plan shows the way up and, with --shrink, the way down; nothing is done', async () => {
  const up = (await app.json('plan', 'balanced')) as { to: string[]; steps: { undo: string }[] }
  assert.deepEqual(up.to, ['single', 'balanced'])
  assert.ok(up.steps.length > 5 && up.steps.every(({ undo }) => undo !== ''))
  await app.banyan('grow', 'balanced')
  const down = (await app.json('plan', '--shrink')) as { from: string[]; to: string[] }
  assert.deepEqual([down.from, down.to], [['single', 'balanced'], ['single']])
  assert.match((await app.banyan('plan', '--shrink', 'balanced')).stdout, /^From .*: \d+ steps\./)
  assert.deepEqual((await status()).rungs, ['single', 'balanced'])
})

const refusals: readonly (readonly [string, readonly string[], string])[] = [
  ['a rung that there is not, to grow to', ['grow', 'balancd'], 'BANYAN_RUNG_UNKNOWN'],
  ['a rung that there is not, to give up', ['shrink', 'nope'], 'BANYAN_RUNG_UNKNOWN'],
  ['one good rung and one bad', ['grow', 'balanced', 'nope'], 'BANYAN_RUNG_UNKNOWN'],
  ['the first rung, to give up', ['shrink', 'single'], 'BANYAN_CLIMB_REFUSED'],
  ['the way down from the first rung', ['shrink'], 'BANYAN_CLIMB_REFUSED'],
]
for (const [what, words, expected] of refusals) {
  test(`${what}: refused before anything is done`, async () => {
    const before = await readFile(join(app.state, 'journal.jsonl'), 'utf8')
    const { error } = (await app.json(...words)) as { error: { code: string; hint: string } }
    assert.equal(error.code, expected)
    assert.ok(error.hint.length > 0)
    assert.equal((await app.banyan(...words)).code, 1)
    assert.equal(await readFile(join(app.state, 'journal.jsonl'), 'utf8'), before)
  })
}

test('a run that is not measured cannot be observed, and says what would mend it', async () => {
  const before = await readFile(join(app.state, 'journal.jsonl'), 'utf8')
  for (const words of [
    ['grow', 'observed'],
    ['plan', 'observed'],
  ]) {
    const { error } = (await app.json(...words)) as { error: { code: string; message: string } }
    assert.equal(error.code, 'BANYAN_CLIMB_REFUSED')
    assert.match(error.message, /observed: .* BANYAN_TELEMETRY=off, .*: start it without\./)
  }
  assert.equal(await readFile(join(app.state, 'journal.jsonl'), 'utf8'), before)
})

test('an option that there is not is wrong usage', async () => {
  assert.equal((await app.banyan('grow', '--fast')).code, 2)
})

test('what cannot succeed is refused whole, with every reason at once', async () => {
  await app.json('pause', 'web-1')
  await app.json('pause', 'db-1')
  try {
    const { error } = (await app.json('grow', 'balanced')) as {
      error: { code: string; message: string; details: { reasons: string[] } }
    }
    assert.equal(error.code, 'BANYAN_CLIMB_REFUSED')
    assert.equal(error.details.reasons.length, 2)
    for (const name of ['web-1', 'db-1'])
      assert.match(error.message, new RegExp(`${name} .*paused`))
  } finally {
    await app.json('resume', 'web-1')
    await app.json('resume', 'db-1')
  }
  await eventually(async () => {
    const { nodes } = await status()
    return nodes.every(({ health }) => health === 'healthy') || null
  })
})

test('a climb that turns back says why, with the last words of what failed, and exits with 1', async () => {
  await app.write('crash-web-2', '')
  const { code, stdout } = await app.banyan('grow', 'balanced')
  assert.equal(code, 1)
  assert.match(stdout, /✗ 2\/\d+ Start web-2/)
  assert.match(stdout, /↩ .*single/)
  assert.match(stdout, /\nUndone: single holds, as before the climb\.\n/)
  assert.match(stdout, /no disk to work on/)
  assert.match(stdout.trim().split('\n').at(-1) ?? '', /^\d+\/\d+ steps in /)
  const report = (await app.json('grow', 'balanced')) as unknown as ClimbReport
  assert.deepEqual([report.outcome, report.reason?.code], ['undone', 'BANYAN_SERVICE_CRASHED'])
})

test('row 22: Ctrl-C takes the climb back, and the command says that it was undone', async () => {
  await slow()
  const load = startLoad({ rate: 50, send: ask })
  const running = app.start('grow', 'balanced')
  await untilStarting(running)
  running.child.kill('SIGINT')
  const { code, stdout } = await running.ended
  const { failed, sent } = await load.stop()
  assert.equal(code, 1)
  assert.match(stdout, /Going back\. Press Ctrl-C again to leave/)
  assert.match(
    stdout,
    /\nUndone: single holds, as before the climb\.\n {2}The climb was called off\./,
  )
  assert.deepEqual(failed, [], `${failed.length} of ${sent} failed`)
  const { nodes, rungs } = await status()
  assert.deepEqual([rungs, nodes.map(({ name }) => name).sort()], [['single'], ['db-1', 'web-1']])
})

test('row 22: Ctrl-C with --json gives a report that says so', async () => {
  await slow()
  const running = app.start('grow', 'balanced', '--json')
  await untilStarting(running)
  running.child.kill('SIGINT')
  const { code, stdout } = await running.ended
  const report = linesOf(stdout).at(-1) as ClimbReport
  assert.deepEqual([code, report.outcome, report.reason?.code], [1, 'undone', 'BANYAN_INTERRUPTED'])
  assert.ok(
    linesOf(stdout).some(
      (line) => isRunning(line) && line.type === 'climb' && line.outcome === 'turned',
    ),
  )
})

test('row 22: a second Ctrl-C leaves at once, and control takes the climb back alone', async () => {
  await slow()
  const running = app.start('grow', 'balanced')
  await untilStarting(running)
  // The first one is answered only when the step under way can be left.
  running.child.kill('SIGINT')
  await running.until(/Going back/)
  running.child.kill('SIGINT')
  const { code, stderr, stdout } = await running.ended
  if (/Undone/.test(stdout)) assert.fail('it was over before the second one came')
  assert.equal(code, 1)
  assert.match(stderr, /This command has left; the climb goes on without it\./)
  // The last step of the climb ends a moment before what it removed is no longer listed.
  const names = await eventually(async () => {
    const { climb, nodes } = await status()
    return climb === null && nodes.length === 2 ? nodes.map(({ name }) => name).sort() : null
  })
  assert.deepEqual(names, ['db-1', 'web-1'])
})

test('row 23: the terminal that dies does not end the climb', async () => {
  await slow()
  const running = app.start('grow', 'balanced')
  await untilStarting(running)
  running.child.kill('SIGKILL')
  await running.ended
  await eventually(async () => (await status()).rungs.includes('balanced') || null, 60_000)
  assert.equal((await status()).nodes.length, 4)
})

test('row 24: another climb is refused while one goes on, and it is said which', async () => {
  await slow()
  const running = app.start('grow', 'balanced', '--json')
  await untilStarting(running)
  // All at once, so that the climb still goes on when the last of them is there.
  const asked = [['grow', 'balanced'], ['shrink', 'balanced'], ['grow']].map(async (words) => {
    const { error } = (await app.json(...words)) as {
      error: { code: string; details: { climb: string } }
    }
    assert.equal(error.code, 'BANYAN_CLIMB_RUNNING', words.join(' '))
    assert.match(error.details.climb, /^c-/)
  })
  await Promise.all(asked)
  const { stdout, code } = await running.ended
  const report = linesOf(stdout).at(-1) as ClimbReport
  assert.deepEqual([code, report.outcome], [0, 'done'])
})

test('several climbs that are asked for at once: one goes on, the others are refused', async () => {
  const all = await Promise.all(
    [1, 2, 3, 4].map(async () => await app.banyan('grow', 'balanced', '--json')),
  )
  const last = all.map(({ stdout }) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}'))
  const done = last.filter(({ outcome }) => outcome === 'done')
  const refused = last.filter(({ error }) => error?.code === 'BANYAN_CLIMB_RUNNING')
  const late = done.filter(({ steps }) => steps.length === 0)
  assert.equal(done.length - late.length, 1, JSON.stringify(last))
  assert.equal(done.length + refused.length, 4, JSON.stringify(last))
})

test('control that dies in a climb is waited for, and the command follows the next one to the end', async () => {
  await slow()
  const load = startLoad({ rate: 50, send: ask })
  const running = app.start('grow', 'balanced')
  await untilStarting(running)
  process.kill(await controlPid(), 'SIGKILL')
  const { code, stdout, stderr } = await running.ended
  const { failed, sent } = await load.stop()
  assert.deepEqual([code, stderr], [0, ''], stdout)
  assert.equal(stdout.match(/Control has died/g)?.length, 1)
  assert.equal(stdout.match(/Control is back/g)?.length, 1)
  assert.match(stdout.trim().split('\n').at(-1) ?? '', /^(\d+)\/\1 steps in /)
  assert.deepEqual(failed, [], `${failed.length} of ${sent} failed`)
  assert.deepEqual((await status()).rungs, ['single', 'balanced'])
})

test('Ctrl-C still takes the climb back when control dies right after it', async () => {
  await slow()
  const running = app.start('grow', 'balanced', '--json')
  await untilStarting(running)
  const pid = await controlPid()
  process.kill(pid, 'SIGSTOP')
  running.child.kill('SIGINT')
  await sleep(200)
  process.kill(pid, 'SIGKILL')
  const { code, stdout } = await running.ended
  const report = linesOf(stdout).at(-1) as ClimbReport
  assert.deepEqual([code, report.outcome], [1, 'undone'])
  assert.deepEqual((await status()).rungs, ['single'])
})

test('row 24: down ends the climb where it is and stops everything; up goes on from there', async () => {
  await slow()
  const running = app.start('grow', 'balanced')
  await untilStarting(running)
  const down = await app.banyan('down')
  assert.equal(down.code, 0, down.stderr)
  const { code, stdout, stderr } = await running.ended
  assert.equal(code, 1)
  assert.match(stdout + stderr, /Failed: |Somebody stopped/)
  assert.deepEqual(await app.leftovers(), [])
  await forget('slow')
  const none = (await app.json('grow', 'balanced')) as { error: { code: string; hint: string } }
  assert.equal(none.error.code, 'BANYAN_NOT_RUNNING')
  const up = await app.banyan('up', '--detach')
  assert.equal(up.code, 0, up.stderr)
  const { nodes } = await status()
  assert.ok(nodes.every(({ health }) => health === 'healthy'))
})
