import { randomInt, randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canInstall, type Engine, missingEngines } from '../../scripts/engines.ts'
import { installEngines } from '../../scripts/install-engines.ts'
import { ProcessWatch } from './processes.ts'
import { heading, summary } from './report.ts'
import { type SuiteResult, totals } from './result.ts'
import { runSuites } from './run-suites.ts'
import type { Suite } from './suites.ts'

export type MainOptions = {
  readonly root: string
  readonly only: readonly string[]
}

/** Runs the suites as `npm test` does, and returns the exit code. */
export async function main(suites: readonly Suite[], options: MainOptions): Promise<number> {
  const interrupt = interruption()
  const strict = process.env.CI === 'true'
  const missing = await prepareEngines()
  const place = preparePlace()
  const results = await runSuites(suites, { ...options, missing, strict, signal: interrupt })
  results.push(...(await leftovers(place)))
  rmSync(place.folder, { recursive: true, force: true })
  summary(results)
  if (interrupt.aborted) return 130
  return isGreen(results, suites, options.only) ? 0 : 1
}

/** Debian's packages are installed where we may; elsewhere what needs them is skipped by name. */
async function prepareEngines(): Promise<readonly Engine[]> {
  const missing = await missingEngines()
  if (missing.length === 0 || !(await canInstall())) return missing
  try {
    await installEngines(missing)
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error))
  }
  return await missingEngines()
}

type Place = { readonly folder: string; readonly watch: ProcessWatch }

/**
 * A temporary folder and a marker of this run, for everything that it starts. Anybody may enter the
 * folder, since PostgreSQL runs under another user when this is root.
 */
function preparePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-test-'))
  chmodSync(folder, 0o755)
  const run = randomUUID()
  process.env.TMPDIR = folder
  process.env.BANYAN_TEST_RUN = run
  // Hundreds of systems of this repository run one after another: its modules are copied once.
  process.env.BANYAN_MODULES_CACHE ??= join(folder, 'modules')
  // Each file is a process that strips the types of hundreds of sources: once for a run is enough.
  process.env.NODE_COMPILE_CACHE ??= join(folder, 'compiled')
  // Also for the processes of the apps, which would each do it again in a state directory of their own.
  process.env.BANYAN_COMPILE_CACHE ??= process.env.NODE_COMPILE_CACHE
  // A store beside each of hundreds of systems is a sixth of all work; whoever looks at one takes it on again.
  process.env.BANYAN_TELEMETRY ??= 'off'
  process.env.BANYAN_SEED ??= String(randomInt(2 ** 31))
  console.log(`Seed ${process.env.BANYAN_SEED} (BANYAN_SEED=… repeats it)`)
  return { folder, watch: new ProcessWatch(`BANYAN_TEST_RUN=${run}`, folder) }
}

/** A test that leaves a process running would disturb whatever runs next. */
async function leftovers({ watch }: Place): Promise<SuiteResult[]> {
  const left = await watch.end()
  if (left.length === 0) return []
  heading('processes left running')
  const failures = left.map(({ pid, command }) => ({
    path: [`process ${pid}`],
    text: `A test left it running; it was ended now: ${command}`,
  }))
  return [{ name: 'processes', passed: 0, failures, skips: [], ms: 0 }]
}

/** Two interrupts arrive for one Ctrl-C under npm, so that only the first one counts. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => controller.abort())
  }
  return controller.signal
}

/** A run without a test is not green: it says nothing. */
function isGreen(
  results: readonly SuiteResult[],
  suites: readonly Suite[],
  only: readonly string[],
): boolean {
  const { passed, failed } = totals(results)
  if (results.length === 0 && only.length > 0) {
    const names = suites.map(({ name }) => name).join(', ')
    console.error(`No test file matches ${only.join(' or ')}. The suites are: ${names}.`)
  }
  return failed === 0 && passed > 0
}
