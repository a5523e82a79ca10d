import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Suite } from './suites.ts'

const passing = `import { test } from 'node:test'\ntest('adds', () => { console.log('chatter') })\n`

/** Runs the runner in a project of its own that has these files, as `npm test` would. */
async function runProject(
  t: TestContext,
  files: Record<string, string>,
  options: { only?: string[]; suites?: Suite[]; interruptAfterMs?: number } = {},
) {
  const root = await mkdtemp(join(tmpdir(), 'runner-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'tests'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, 'tests', name), text)
  const suites = options.suites ?? [unit]
  const script = `import { main } from ${JSON.stringify(import.meta.resolve('./main.ts'))}
    process.exitCode = await main(${JSON.stringify(suites)}, ${JSON.stringify({ root, only: options.only ?? [] })})`
  await writeFile(join(root, 'main.mjs'), script)
  return await runScript(join(root, 'main.mjs'), options.interruptAfterMs)
}

const unit: Suite = {
  kind: 'files',
  name: 'unit',
  patterns: ['tests/*.test.ts'],
  concurrency: 2,
  timeoutMs: 20_000,
}

/** A run inside a run must not take itself for a file of the outer one, nor for its leftover. */
async function runScript(script: string, interruptAfterMs?: number) {
  const { NODE_TEST_CONTEXT: _, CI: __, ...env } = process.env
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  if (interruptAfterMs !== undefined) setTimeout(() => child.kill('SIGINT'), interruptAfterMs)
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, output, lastLine: output.trimEnd().split('\n').at(-1) }
}

test('a green run ends with its counts as the last line and prints nothing of passing tests', async (t) => {
  const skipping = `import { test } from 'node:test'\ntest('waits', { skip: 'for summer' }, () => {})\n`
  const run = await runProject(t, { 'a.test.ts': passing, 'b.test.ts': skipping })
  assert.equal(run.lastLine, '1 passed, 0 failed, 1 skipped')
  assert.equal(run.code, 0)
  assert.doesNotMatch(run.output, /chatter/)
  assert.match(run.output, /unit › tests\/b\.test\.ts › waits: for summer/)
})

test('a failure is told at the end with its place, its cause and what the file printed', async (t) => {
  const failing = `import { describe, test } from 'node:test'
    describe('sums', () => { test('are right', () => { console.log('clue'); throw new Error('two') }) })\n`
  const run = await runProject(t, { 'a.test.ts': passing, 'b.test.ts': failing })
  assert.equal(run.lastLine, '1 passed, 1 failed, 0 skipped')
  assert.equal(run.code, 1)
  assert.match(run.output, /unit › tests\/b\.test\.ts › sums › are right/)
  assert.match(run.output, /Error: two/)
  assert.match(run.output, /clue/)
})

test('a file that cannot be loaded is a failure', async (t) => {
  const run = await runProject(t, { 'a.test.ts': passing, 'b.test.ts': `import './nowhere.ts'\n` })
  assert.equal(run.lastLine, '1 passed, 1 failed, 0 skipped')
  assert.match(run.output, /nowhere\.ts/)
})

test('a file that never ends is stopped at its time limit and fails', async (t) => {
  const hanging = `import { test } from 'node:test'\ntest('hangs', () => { setInterval(() => {}, 1000) })\n`
  const suites: Suite[] = [{ ...unit, timeoutMs: 1_000 }]
  const run = await runProject(t, { 'a.test.ts': hanging }, { suites })
  assert.equal(run.code, 1)
  assert.match(run.lastLine ?? '', /1 failed/)
})

test('a run without any test is not green', async (t) => {
  const run = await runProject(t, {})
  assert.equal(run.lastLine, '0 passed, 0 failed, 0 skipped')
  assert.equal(run.code, 1)
})

test('a filter that matches nothing fails and lists the suites', async (t) => {
  const run = await runProject(t, { 'a.test.ts': passing }, { only: ['nothing'] })
  assert.equal(run.code, 1)
  assert.match(run.output, /No test file matches nothing\. The suites are: unit\./)
})

test('a filter picks files by suite and name', async (t) => {
  const files = { 'a.test.ts': passing, 'b.test.ts': passing }
  const run = await runProject(t, files, { only: ['unit/tests/b'] })
  assert.equal(run.lastLine, '1 passed, 0 failed, 0 skipped')
})

test('files that take long begin before the others', async (t) => {
  const files = { 'a.test.ts': passing, 'b.test.ts': passing, 'c.test.ts': passing }
  const suites: Suite[] = [{ ...unit, concurrency: 1, longest: ['tests/c', 'tests/b'] }]
  const { output } = await runProject(t, files, { suites })
  const begun = [...output.matchAll(/✓ tests\/(\w)\.test\.ts/g)].map(([, name]) => name)
  assert.deepEqual(begun, ['c', 'b', 'a'])
})

test('a suite beside another begins while that one runs, and each says what it did', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'beside-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const word = JSON.stringify(join(folder, 'word'))
  const files = {
    'a.test.ts': `import { existsSync } from 'node:fs'
      import { test } from 'node:test'
      test('waits for the other', async () => {
        while (!existsSync(${word})) await new Promise((done) => setTimeout(done, 20))
      })\n`,
    'b.test.ts': `import { writeFileSync } from 'node:fs'
      import { test } from 'node:test'
      test('says a word', () => writeFileSync(${word}, ''))\n`,
  }
  const suites: Suite[] = [
    { ...unit, name: 'first', patterns: ['tests/a.test.ts'] },
    { ...unit, name: 'second', patterns: ['tests/b.test.ts'], beside: true },
  ]
  const run = await runProject(t, files, { suites })
  assert.equal(run.lastLine, '2 passed, 0 failed, 0 skipped')
  assert.match(run.output, /first +1 +0/)
  assert.match(run.output, /second +1 +0/)
})

test('a command that fails is one failed test with its output', async (t) => {
  const command = [process.execPath, '-e', 'console.log("no good"); process.exit(3)']
  const suites: Suite[] = [{ kind: 'command', name: 'lint', command }]
  const run = await runProject(t, {}, { suites })
  assert.equal(run.lastLine, '0 passed, 1 failed, 0 skipped')
  assert.match(run.output, /no good/)
})

const linuxOnly = process.platform === 'linux' ? false : 'processes are watched through /proc'

/** A test file that leaves a process running, which writes its number into a file of the outer test. */
function leaking(file: string, options: string): string {
  return `import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    import { tmpdir } from 'node:os'
    import { test } from 'node:test'
    test('leaks', () => {
      const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore', ${options} })
      child.unref()
      writeFileSync(${JSON.stringify(file)}, String(child.pid))
    })\n`
}

/** A process that ended may wait for a parent that never asks for its exit code. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '0 (gone) Z')
  return !/\) [ZX]/.test(stat)
}

for (const [what, options] of [
  ['its environment', ''],
  ['its working directory', 'env: {}, cwd: tmpdir()'],
] as const) {
  test(`a process left running is found by ${what}, ended, and a failure`, {
    skip: linuxOnly,
  }, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'leak-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'pid')
    const run = await runProject(t, { 'a.test.ts': leaking(file, options) })
    assert.equal(run.lastLine, '1 passed, 1 failed, 0 skipped')
    assert.match(run.output, /A test left it running; it was ended now: .*sleep 600/)
    const pid = Number(await readFile(file, 'utf8'))
    assert.ok(!(await isRunning(pid)))
  })
}

test('an interrupted run ends its tests, prints what it has, and exits with 130', async (t) => {
  const slow = `import { test } from 'node:test'
    test('slow', () => new Promise((done) => setTimeout(done, 60_000)))\n`
  const run = await runProject(t, { 'a.test.ts': slow }, { interruptAfterMs: 1_500 })
  assert.equal(run.code, 130)
  assert.match(run.lastLine ?? '', /failed/)
})
