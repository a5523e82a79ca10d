import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { BanyanError } from '@banyan/model'
import type { Progress, Report } from '../report.ts'
import { type Job, type Said, stopWord } from './job.ts'

export type ApartOptions = Job & {
  /** Aborted once: the load ends early, and what was done is verified and reported. */
  readonly signal?: AbortSignal
  /** Aborted: the prover is ended at once, without a report. */
  readonly kill?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

/** Published code ends in `.js`; the prover's file has the ending of this one. */
const program = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url))

/**
 * Runs a proof in a process of its own, so that neither a scenario that fails nor whoever watches can
 * disturb the other. What the scenario prints goes to our standard error.
 *
 * Throws what `runProof` throws, and `BANYAN_SCENARIO_NOT_FOUND`, `BANYAN_SCENARIO_ENDED`,
 * `BANYAN_SCENARIO_STUCK`.
 *
 * @example
 * const report = await proveApart({
 *   scenario: { kind: 'file', path: '/app/proof.ts' }, url: 'http://127.0.0.1:8080', rate: 300, seconds: 60,
 * })
 */
export async function proveApart(options: ApartOptions): Promise<Report> {
  const { signal, kill, onProgress, ...job } = options
  const child = start()
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  exited.catch(() => {})
  const input = child.stdin as Writable
  input.on('error', () => {})
  const stop = () => input.write(`${stopWord}\n`)
  const end = () => child.kill('SIGKILL')
  signal?.addEventListener('abort', stop)
  kill?.addEventListener('abort', end)
  try {
    input.write(`${JSON.stringify(job)}\n`)
    if (signal?.aborted) stop()
    const last = await listen(child, onProgress)
    if (last?.kind === 'report') return last.report
    throw errorOf(last, await exited, kill?.aborted === true)
  } finally {
    signal?.removeEventListener('abort', stop)
    kill?.removeEventListener('abort', end)
    child.kill('SIGKILL')
    await exited.catch(() => {})
  }
}

const start = (): ChildProcess =>
  spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
      program,
    ],
    { stdio: ['pipe', 2, 2, 'pipe'] },
  )

/** The last word of a prover; null when it ended without one. */
async function listen(
  child: ChildProcess,
  onProgress: ApartOptions['onProgress'],
): Promise<Said | null> {
  let last: Said | null = null
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const said = JSON.parse(line) as Said
    if (said.kind === 'progress') onProgress?.(said.progress)
    else last = said
  }
  return last
}

function errorOf(
  last: Exclude<Said, { kind: 'report' }> | null,
  [code, signal]: [number | null, NodeJS.Signals | null],
  wasKilled: boolean,
): BanyanError {
  if (wasKilled) {
    return new BanyanError('BANYAN_INTERRUPTED', 'Interrupted twice: the proof has no report.', {
      hint: 'Interrupt it once, and it verifies what was done until then.',
    })
  }
  if (last?.kind === 'error') {
    const { code: name, message, hint, details } = last.error
    return new BanyanError(name, message, { ...(hint && { hint }), ...(details && { details }) })
  }
  if (last?.kind === 'stuck') return stuck(last)
  const place = last?.kind === 'ended' ? last.place : null
  const what = last?.kind === 'ended' ? last.what : 'The scenario'
  const how = signal ? `was ended by ${signal}` : `ended its process with code ${code}`
  return new BanyanError(
    'BANYAN_SCENARIO_ENDED',
    `The prover ${how}, without a report${place === null ? '' : `, at ${place}`}; the last that began was ${what}.`,
    {
      hint: 'A scenario must not call process.exit, and has the memory of one process.',
      details: { code, signal, place },
    },
  )
}

function stuck({ what, place, seconds }: Extract<Said, { kind: 'stuck' }>): BanyanError {
  const where = place === null ? '' : ` at ${place}`
  return new BanyanError(
    'BANYAN_SCENARIO_STUCK',
    `The scenario kept its process busy for ${seconds} s${where}; the last that began was ${what}.`,
    { hint: 'Look for a loop that does not end.', details: { what, place } },
  )
}
