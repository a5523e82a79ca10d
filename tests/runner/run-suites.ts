import { glob } from 'node:fs/promises'
import type { Engine } from '../../scripts/engines.ts'
import { runCommand } from './command.ts'
import { engineSkipsAsFailures, withoutEngines } from './engine-skips.ts'
import { runFiles } from './files.ts'
import { fileLine, heading } from './report.ts'
import type { SuiteResult } from './result.ts'
import type { FilesSuite, Suite } from './suites.ts'

export type RunOptions = {
  readonly root: string
  /** Parts of `suite/file`; only what contains one of them runs. Empty: everything. */
  readonly only: readonly string[]
  readonly missing: readonly Engine[]
  /** A missing engine is a failure. */
  readonly strict: boolean
  readonly signal: AbortSignal
}

/** Runs suites one after the other and returns what each did. Suites without a test do not appear. */
export async function runSuites(
  suites: readonly Suite[],
  options: RunOptions,
): Promise<SuiteResult[]> {
  const results: SuiteResult[] = []
  for (const suite of suites) {
    if (options.signal.aborted) break
    const result = await runSuite(suite, options)
    if (result !== null) results.push(options.strict ? engineSkipsAsFailures(result) : result)
  }
  return results
}

async function runSuite(suite: Suite, options: RunOptions): Promise<SuiteResult | null> {
  if (suite.kind === 'files') return await runFilesSuite(suite, options)
  if (!isWanted(suite.name, options.only)) return null
  heading(suite.name)
  const result = await runCommand(suite, options.signal)
  fileLine(suite.command.join(' '), result.ms, result.failures.length === 0)
  return result
}

async function runFilesSuite(suite: FilesSuite, options: RunOptions): Promise<SuiteResult | null> {
  const files = (await filesOf(suite, options.root)).filter((file) =>
    isWanted(`${suite.name}/${file}`, options.only),
  )
  if (files.length === 0) return null
  heading(suite.name)
  const { runnable, skips } = withoutEngines(files, options.missing)
  const { name, concurrency, timeoutMs } = suite
  const { root, signal } = options
  const own = { name, root, files: runnable, concurrency, timeoutMs, signal, onFile: fileLine }
  const result = runnable.length === 0 ? empty(name) : await runFiles(own)
  return { ...result, skips: [...skips, ...result.skips] }
}

async function filesOf(suite: FilesSuite, root: string): Promise<string[]> {
  const files: string[] = []
  for await (const file of glob(suite.patterns, { cwd: root, exclude: isInstalled })) {
    files.push(file)
  }
  return files.sort()
}

const isInstalled = (path: string) => /(^|\/)(node_modules|dist)$/.test(path)

const empty = (name: string): SuiteResult => ({ name, passed: 0, failures: [], skips: [], ms: 0 })

const isWanted = (label: string, only: readonly string[]) =>
  only.length === 0 || only.some((part) => label.includes(part))
