import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestEvent } from './reporter.ts'
import type { Failure, Skip } from './result.ts'
import { tally } from './tally.ts'

export type FileResult = {
  readonly passed: number
  readonly failures: readonly Failure[]
  readonly skips: readonly Skip[]
  readonly ms: number
}

export type FileOptions = {
  readonly root: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

const reporter = new URL('./reporter.ts', import.meta.url).href

/**
 * Runs one test file. Not by `run()` of node:test: its time limit fails a file but leaves a process
 * with an open handle running, and the run with it.
 */
export async function runFile(file: string, options: FileOptions): Promise<FileResult> {
  const began = performance.now()
  const destination = join(tmpdir(), `events-${randomUUID()}`)
  const report = ['--test-reporter', reporter, '--test-reporter-destination', destination]
  const child = spawn(process.execPath, [...report, file], {
    cwd: options.root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { output, ending } = await follow(child, options)
  const { passed, failures, skips, unfinished } = tally(file, await readEvents(destination))
  const text = troubleOf(ending, failures.length > 0, unfinished)
  const trouble = text === null ? [] : [{ path: [file], text }]
  const all = [...failures, ...trouble].map((one) => (output === '' ? one : { ...one, output }))
  return { passed, failures: all, skips, ms: performance.now() - began }
}

type Ending = { readonly code: number | null; readonly stopped: string | null }

/** What the events do not tell: a file that could not load, crashed, or did not end. */
function troubleOf(ending: Ending, failed: boolean, unfinished: readonly string[]): string | null {
  const at = unfinished.length > 0 ? `, in the test ${unfinished.join(' › ')}` : ''
  if (ending.stopped !== null) return `${ending.stopped}${at}`
  if (ending.code === 0 || failed) return null
  return `The process ended with ${ending.code ?? 'a signal'}${at}`
}

/** Waits for the end, or brings it about when time is up or the run is interrupted. */
async function follow(child: ChildProcess, options: FileOptions) {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-20_000)
    })
  }
  const limit = AbortSignal.timeout(options.timeoutMs)
  const signal = AbortSignal.any([limit, options.signal])
  const closed = once(child, 'close')
  const code = await exitOf(child, signal)
  // A grandchild may hold the pipes; what it would still say is not waited for.
  await Promise.race([closed, sleep(500, null, { ref: false })])
  const late = `The file did not end within ${options.timeoutMs / 1000} s`
  const stopped = !signal.aborted ? null : limit.aborted ? late : 'The run was interrupted'
  return { output, ending: { code, stopped } }
}

async function exitOf(child: ChildProcess, signal: AbortSignal): Promise<number | null> {
  const exited = once(child, 'exit')
  const stop = () => {
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), 5_000).unref()
  }
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  const [code] = await exited
  signal.removeEventListener('abort', stop)
  return code
}

async function readEvents(path: string): Promise<TestEvent[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  await rm(path, { force: true })
  // The last line is not whole where the process was killed.
  const lines = text.split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as TestEvent)
}
