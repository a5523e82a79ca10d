import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { BanyanError } from '@banyan/model'
import { checkScenario } from './check-scenario.ts'
import { Load } from './engine/load.ts'
import { sayThrown } from './engine/thrown.ts'
import { type Run, RunTurn } from './engine/turn.ts'
import { endsWithin, type Verification, verify } from './engine/verify.ts'
import { warmUp } from './engine/warm-up.ts'
import { Connections } from './http/connections.ts'
import { isCounted } from './http/failures.ts'
import { judge } from './judge.ts'
import { Journal } from './memory/journal.ts'
import { type CheckedOptions, checkOptions, type ProofOptions } from './options.ts'
import type { Progress, Report } from './report.ts'
import { WebSocketVisitors } from './websocket/visitors.ts'
import { writeReport } from './write-report.ts'

const setUpMs = 120_000
const tidyUpMs = 30_000

/**
 * Sends the load of a scenario at a fixed rate, remembers what was acknowledged, reads it all again, and
 * judges. It runs in this process, which should do nothing else meanwhile: `proveApart` starts one.
 *
 * Throws `BANYAN_PROOF_OPTION_INVALID`, `BANYAN_SCENARIO_INVALID`, `BANYAN_PROOF_UNREACHABLE`,
 * `BANYAN_SCENARIO_FAILED`, or `BANYAN_INTERRUPTED` when it is aborted before the load.
 *
 * @example
 * const report = await runProof({ scenario, url: 'http://127.0.0.1:8080', rate: 300, seconds: 60 })
 * if (!isProven(report)) process.exitCode = 1
 */
export async function runProof<World>(options: ProofOptions<World>): Promise<Report> {
  const checked = checkOptions(options)
  checkScenario(checked.scenario, 'runProof')
  await checkReachable(checked.url)
  await warmUp()
  const run = begin(checked)
  try {
    return await prove(run, checked)
  } finally {
    await run.connections.close()
  }
}

type RunFrom = Run & { readonly originMs: number }

function begin({ url, seed, connections, timeoutMs, oneRequest }: CheckedOptions): RunFrom {
  const originMs = performance.now()
  const now = () => performance.now() - originMs
  let number = 0
  return {
    url: url.href.replace(/\/$/, ''),
    prefix: url.pathname.replace(/\/$/, ''),
    name: randomBytes(4).toString('hex'),
    seed,
    oneRequestShare: oneRequest,
    originMs,
    now,
    connections: new Connections(url.origin, { keepAlive: connections, timeoutMs, now }),
    journal: new Journal(now),
    nextNumber: () => ++number,
  }
}

async function prove(run: RunFrom, options: CheckedOptions): Promise<Report> {
  const { scenario, signal, onEnter } = options
  const world = await setUp(run, options)
  const load = new Load(scenario, world, run, {
    rate: options.rate,
    seconds: options.seconds,
    inFlightMax: Math.min(20_000, Math.max(1_000, (options.rate * options.timeoutMs) / 1000)),
    actionMs: options.timeoutMs * 3,
    signal,
  })
  load.onEnter = (name) => onEnter(`action "${name}"`)
  const phases = follow(load, run, options)
  const webSockets = webSocketsOf(run, options)
  try {
    const before = process.cpuUsage()
    webSockets?.begin()
    await load.run(run.originMs)
    const cpu = process.cpuUsage(before)
    await webSockets?.end()
    phases.enter('finishing')
    await load.drain()
    phases.enter('verifying')
    onEnter('verify')
    const verification = await verify(scenario, world, run)
    await tidyUp(run, options, world, verification)
    phases.enter('judging')
    run.journal.settle()
    const judgement = judge(run.journal)
    return writeReport({ run, options, load, cpu, verification, judgement, webSockets })
  } finally {
    await webSockets?.end()
    phases.end()
  }
}

function webSocketsOf(run: Run, { webSockets, timeoutMs }: CheckedOptions) {
  if (webSockets === null) return null
  const url = `${run.url.replace(/^http/, 'ws')}${webSockets.path}`
  return new WebSocketVisitors(url, { clients: webSockets.clients, timeoutMs, now: run.now })
}

async function setUp(
  run: Run,
  { scenario, signal, onProgress, onEnter }: CheckedOptions,
): Promise<unknown> {
  onProgress({ ...nothingYet, phase: 'setting up' })
  onEnter('setUp')
  const interruption = new Promise<never>((_resolve, reject) => {
    const interrupt = () => reject(interrupted())
    if (signal.aborted) interrupt()
    signal.addEventListener('abort', interrupt, { once: true })
  })
  interruption.catch(() => {})
  try {
    const work = (async () => scenario.setUp?.(new RunTurn(run, -1, null)))()
    return await Promise.race([endsWithin(work, setUpMs), interruption])
  } catch (error) {
    if (BanyanError.is(error)) throw error
    throw new BanyanError(
      'BANYAN_SCENARIO_FAILED',
      `The setUp of scenario "${scenario.name}" failed: ${sayThrown(error)}`,
      {
        hint: isCounted(error)
          ? 'See what the system says: banyan logs'
          : 'Mend the scenario at the place named above.',
        cause: error,
      },
    )
  }
}

async function tidyUp(
  run: Run,
  { scenario, onEnter }: CheckedOptions,
  world: unknown,
  { notes }: Verification,
): Promise<void> {
  if (!scenario.tidyUp) return
  onEnter('tidyUp')
  try {
    await endsWithin((async () => scenario.tidyUp?.(new RunTurn(run, -1, null), world))(), tidyUpMs)
  } catch (error) {
    notes.push(`The tidyUp of scenario "${scenario.name}" failed: ${sayThrown(error)}`)
  }
}

const interrupted = (): BanyanError =>
  new BanyanError(
    'BANYAN_INTERRUPTED',
    'Interrupted before the load began: nothing was measured.',
    {
      hint: 'Run "banyan prove" again.',
    },
  )

const nothingYet: Omit<Progress, 'phase'> = {
  second: 0,
  rate: 0,
  sent: 0,
  ok: 0,
  failed: 0,
  p99Ms: null,
  longestGapMs: 0,
}

/** Says once in a second how it goes, and at once when another phase begins. */
function follow(load: Load, run: Run, { onProgress }: CheckedOptions) {
  let phase: Progress['phase'] = 'load'
  let startedBefore = 0
  const { figures } = load
  const say = () => {
    const now = run.now()
    if (phase === 'load') figures.noteGap(now)
    onProgress({
      phase,
      second: Math.max(0, Math.round((Math.min(now, load.endMs) - load.beginMs) / 1000)),
      rate: figures.started - startedBefore,
      sent: figures.sent,
      ok: figures.ok,
      failed: figures.failed,
      p99Ms: figures.takeRecentP99Ms(),
      longestGapMs: Math.round(figures.longestGapMs),
    })
    startedBefore = figures.started
  }
  const timer = setInterval(say, 1000)
  return {
    enter: (next: Progress['phase']) => {
      phase = next
      say()
    },
    end: () => clearInterval(timer),
  }
}

/** One connection, closed again at once: that much can be asked of anything that listens. */
async function checkReachable(url: URL): Promise<void> {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const problem = await new Promise<string | null>((resolve) => {
    const socket = connect({ host, port, timeout: 5_000 })
    const end = (outcome: string | null) => {
      socket.destroy()
      resolve(outcome)
    }
    socket.once('connect', () => end(null))
    socket.once('timeout', () => end('no answer within 5 s'))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
  if (problem === null) return
  throw new BanyanError(
    'BANYAN_PROOF_UNREACHABLE',
    `Nothing answers at ${url.origin}: ${problem}. Nothing was sent.`,
    {
      hint: 'Start the system with "banyan up", or name another address with --url.',
      details: { url: url.origin, problem },
    },
  )
}
