import { glob } from 'node:fs/promises'
import type { Engine } from '../../scripts/engines.ts'
import { runCommand } from './command.ts'
import { engineSkipsAsFailures, withoutEngines } from './engine-skips.ts'
import { runFiles } from './files.ts'
import { idleSinceLast } from './idle.ts'
import { Lanes } from './lanes.ts'
import { fileLine, heading } from './report.ts'
import type { SuiteResult } from './result.ts'
import type { FilesSuite, Suite } from './suites.ts'

/** Long enough that a file which just began is seen to work. */
const lookEveryMs = 8_000

export type RunOptions = {
  readonly root: string
  /** Parts of `suite/file`; only what contains one of them runs. Empty: everything. */
  readonly only: readonly string[]
  readonly missing: readonly Engine[]
  /** A missing engine is a failure. */
  readonly strict: boolean
  readonly signal: AbortSignal
}

/**
 * Runs suites one after the other, but those beside another together with it, and returns what each did.
 * Suites without a test do not appear.
 */
export async function runSuites(
  suites: readonly Suite[],
  options: RunOptions,
): Promise<SuiteResult[]> {
  const results: SuiteResult[] = []
  for (const group of groupsOf(suites)) {
    if (options.signal.aborted) break
    const spare = { lanes: Math.max(...group.map(spareOf)), idle: idleSinceLast() }
    const lanes = new Lanes(Math.max(...group.map(lanesOf)), spare)
    const looking = setInterval(() => lanes.look(), lookEveryMs)
    const running = group.map((suite) => runSuite(suite, options, lanes))
    const all = await Promise.all(running).finally(() => clearInterval(looking))
    const ran = all.filter((result) => result !== null)
    results.push(...(options.strict ? ran.map(engineSkipsAsFailures) : ran))
  }
  return results
}

function groupsOf(suites: readonly Suite[]): Suite[][] {
  const groups: Suite[][] = []
  for (const suite of suites) {
    const isBeside = suite.kind === 'files' && suite.beside === true
    const group = isBeside ? groups.at(-1) : undefined
    if (group === undefined) groups.push([suite])
    else group.push(suite)
  }
  return groups
}

const spareOf = (suite: Suite) => (suite.kind === 'files' ? (suite.spare ?? 0) : 0)

const lanesOf = (suite: Suite) => (suite.kind === 'files' ? suite.concurrency : 1)

async function runSuite(
  suite: Suite,
  options: RunOptions,
  lanes: Lanes,
): Promise<SuiteResult | null> {
  if (suite.kind === 'files') return await runFilesSuite(suite, options, lanes)
  if (!isWanted(suite.name, options.only)) return null
  heading(suite.name)
  const result = await runCommand(suite, options.signal)
  fileLine(suite.command.join(' '), result.ms, result.failures.length === 0)
  return result
}

async function runFilesSuite(
  suite: FilesSuite,
  options: RunOptions,
  lanes: Lanes,
): Promise<SuiteResult | null> {
  const files = (await filesOf(suite, options.root)).filter((file) =>
    isWanted(`${suite.name}/${file}`, options.only),
  )
  if (files.length === 0) return null
  heading(suite.name)
  const { runnable, skips } = withoutEngines(files, options.missing)
  const { name, timeoutMs } = suite
  const { root, signal } = options
  const concurrency = suite.concurrency + spareOf(suite)
  const limits = { concurrency, lanes, timeoutMs, signal }
  const own = { name, root, files: runnable, ...limits, onFile: fileLine }
  const result = runnable.length === 0 ? empty(name) : await runFiles(own)
  return { ...result, skips: [...skips, ...result.skips] }
}

async function filesOf(suite: FilesSuite, root: string): Promise<string[]> {
  const files: string[] = []
  for await (const file of glob(suite.patterns, { cwd: root, exclude: isInstalled })) {
    files.push(file)
  }
  return inOrder(files, suite.longest ?? [])
}

/** The long ones first, in the order of the list; else by name. */
function inOrder(files: readonly string[], longest: readonly string[]): string[] {
  const rank = (file: string) => {
    const at = longest.findIndex((part) => file.includes(part))
    return at < 0 ? longest.length : at
  }
  return files.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

const isInstalled = (path: string) => /(^|\/)(node_modules|dist)$/.test(path)

const empty = (name: string): SuiteResult => ({ name, passed: 0, failures: [], skips: [], ms: 0 })

const isWanted = (label: string, only: readonly string[]) =>
  only.length === 0 || only.some((part) => label.includes(part))
