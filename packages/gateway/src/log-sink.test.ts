import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { LogSink } from './log-sink.ts'

const folder = mkdtempSync(join(tmpdir(), 'banyan-log-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('lines go out in order, and all of them', async () => {
  const path = join(folder, 'lines')
  const fd = openSync(path, 'a')
  const sink = new LogSink(fd)
  const lines = Array.from({ length: 5_000 }, (_, at) => `line ${at} with ä\n`)
  for (const [at, line] of lines.entries()) {
    sink.write(line)
    if (at % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await sink.drained()
  sink.close()
  sink.write('too late\n')
  await sink.drained()
  closeSync(fd)
  assert.equal(readFileSync(path, 'utf8'), lines.join(''))
})

test('what waits is written before the process ends', () => {
  const path = join(folder, 'flushed')
  const fd = openSync(path, 'a')
  const sink = new LogSink(fd)
  sink.write('last words\n')
  sink.flushSync()
  closeSync(fd)
  assert.equal(readFileSync(path, 'utf8'), 'last words\n')
})

test('a full disk costs lines, neither the process nor its time', {
  skip: process.platform !== 'linux',
}, async () => {
  const fd = openSync('/dev/full', 'w')
  const sink = new LogSink(fd)
  sink.write('lost\n')
  await sink.drained()
  sink.write('lost as well\n')
  sink.flushSync()
  await sink.drained()
  closeSync(fd)
})

test('a reader that does not read keeps neither memory nor the end', async () => {
  const script = `
    import { LogSink } from ${JSON.stringify(new URL('./log-sink.ts', import.meta.url).href)}
    process.stdout._handle?.setBlocking?.(false)
    const sink = new LogSink(1)
    for (let at = 0; at < 100; at++) sink.write('x'.repeat(99_999) + '\\n')
    setTimeout(() => { sink.write('y\\n'); sink.flushSync(); process.exit(7) }, 100)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.pause()
  const [code] = await once(child, 'exit')
  assert.equal(code, 7)
})
