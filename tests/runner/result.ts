/** What a suite did. Lint and type check count as one test each. */
export type SuiteResult = {
  readonly name: string
  readonly passed: number
  readonly failures: readonly Failure[]
  readonly skips: readonly Skip[]
  readonly ms: number
}

export type Failure = {
  /** Where it is in words: file, then the names of the tests around it. */
  readonly path: readonly string[]
  readonly text: string
  /** What the file printed; it tells what led to the failure. */
  readonly output?: string
}

export type Skip = { readonly path: readonly string[]; readonly reason: string }

/** The sums over all suites, for the last line. */
export function totals(results: readonly SuiteResult[]) {
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failures }) => sum + failures.length, 0),
    skipped: results.reduce((sum, { skips }) => sum + skips.length, 0),
  }
}
