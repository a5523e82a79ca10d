import type { Engine } from '../../scripts/engines.ts'
import type { Failure, Skip, SuiteResult } from './result.ts'

/** Divides files into those that can run and those whose engine is not on this machine. */
export function withoutEngines(
  files: readonly string[],
  missing: readonly Engine[],
): { runnable: string[]; skips: Skip[] } {
  const runnable: string[] = []
  const skips: Skip[] = []
  for (const file of files) {
    const engine = missing.find(({ suites }) => file.includes(suites))
    if (engine === undefined) runnable.push(file)
    else skips.push({ path: [file], reason: `needs ${engine.name}: ${engine.command}` })
  }
  return { runnable, skips }
}

/**
 * In CI nothing is skipped for want of an engine, or a green run would hide that a suite never ran.
 * A test that skips itself says so with a reason that begins with "needs".
 */
export function engineSkipsAsFailures(result: SuiteResult): SuiteResult {
  const wanting = result.skips.filter(({ reason }) => reason.startsWith('needs '))
  const failures = wanting.map(
    ({ path, reason }): Failure => ({
      path,
      text: `Skipped in CI: ${reason}`,
    }),
  )
  return {
    ...result,
    failures: [...result.failures, ...failures],
    skips: result.skips.filter((skip) => !wanting.includes(skip)),
  }
}
