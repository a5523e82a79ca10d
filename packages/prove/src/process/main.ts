/**
 * The prover's program: `node main.ts`, a job as one line of JSON on its standard input, and descriptor 3
 * for what it says. A scenario runs here, and may throw, hang and exit as it likes.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { BanyanError, type ErrorDescription } from '@banyan/model'
import { placeOf, sayThrown } from '../engine/thrown.ts'
import type { Report } from '../report.ts'
import { runProof } from '../run-proof.ts'
import { type Job, type Said, stopWord } from './job.ts'
import { loadScenario } from './load-scenario.ts'
import { Watchdog } from './watchdog.ts'

/** Whole lines only: a pipe that is full for the moment is written to again. */
function say(said: Said): void {
  let rest = Buffer.from(`${JSON.stringify(said)}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(3, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

/** What the scenario throws where nobody waits for it: in a timer, or in a promise that it dropped. */
const strays = new Map<string, number>()

let doing = 'the scenario'
let isDone = false

process.on('uncaughtException', (error) => {
  const cause = `outside of any action: ${sayThrown(error)}`
  strays.set(cause, (strays.get(cause) ?? 0) + 1)
})
process.on('exit', (code) => {
  if (isDone) return
  isDone = true
  say({ kind: 'ended', code, place: placeOf(new Error().stack ?? ''), what: doing })
})
// Ctrl-C reaches the whole terminal; whoever started us says what it means.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

const interruption = new AbortController()
const lines = createInterface({ input: process.stdin })
const started = new Promise<Job>((resolve) => {
  lines.on('line', (line) => {
    if (line === stopWord) interruption.abort()
    else resolve(JSON.parse(line) as Job)
  })
})
// Nobody listens any more.
lines.on('close', () => {
  isDone = true
  process.exit(1)
})

try {
  finish({ kind: 'report', report: withStrays(await work(await started)) })
} catch (error) {
  finish({ kind: 'error', error: describe(error) })
}

async function work(job: Job): Promise<Report> {
  const importing = new Watchdog(['the import of the scenario'])
  doing = 'the import of the scenario'
  const scenario = await loadScenario(job.scenario)
  await importing.stop()
  const actions = scenario.actions.map(({ name }) => `action "${name}"`)
  const watchdog = new Watchdog(['setUp', 'verify', 'tidyUp', ...actions])
  try {
    return await runProof({
      ...job,
      scenario,
      signal: interruption.signal,
      onProgress: (progress) => {
        say({ kind: 'progress', progress })
        // Judging is our own work, and may take its time.
        if (progress.phase === 'judging') watchdog.stop().catch(() => {})
      },
      onEnter: (what) => {
        doing = what
        watchdog.enter(what)
      },
    })
  } finally {
    await watchdog.stop()
  }
}

function withStrays(report: Report): Report {
  if (strays.size === 0) return report
  const { total, byCause } = report.failed
  const count = [...strays.values()].reduce((sum, times) => sum + times, 0)
  return {
    ...report,
    failed: { total: total + count, byCause: { ...byCause, ...Object.fromEntries(strays) } },
  }
}

function describe(error: unknown): ErrorDescription {
  if (BanyanError.is(error)) return error.toJSON()
  const stack = error instanceof Error ? error.stack : undefined
  return {
    code: 'BANYAN_SCENARIO_FAILED',
    message: `The prover failed: ${sayThrown(error)}`,
    hint: 'This is a fault of Banyan: please report it with the stack.',
    details: { stack },
  }
}

function finish(said: Said): void {
  isDone = true
  say(said)
  process.exit(0)
}
