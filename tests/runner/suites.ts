/** A command that passes or fails as one test. */
export type CommandSuite = {
  readonly kind: 'command'
  readonly name: string
  readonly command: readonly string[]
}

/** Files of tests that `node --test` runs. */
export type FilesSuite = {
  readonly kind: 'files'
  readonly name: string
  readonly patterns: readonly string[]
  /** Files at once. A cluster mostly waits, so that two of them fit on two cores. */
  readonly concurrency: number
  /** So many more while processors are idle: what waits for a trial or a drain leaves them to others. */
  readonly spare?: number
  readonly timeoutMs: number
  /** Whether it runs beside the suite before it, whose last files would leave processors with nothing to do. */
  readonly beside?: boolean
  /** Parts of paths of files that take long, which begin before the others. */
  readonly longest?: readonly string[]
}

export type Suite = CommandSuite | FilesSuite

const minute = 60_000
const unit = (name: string, ...patterns: string[]): FilesSuite => ({
  kind: 'files',
  name,
  patterns,
  concurrency: 2,
  timeoutMs: 5 * minute,
})

/** A minute and more each: one of them that began last would be waited for by itself. */
const longestClusters = [
  ...['replicated-', 'replica-', 'planted-faults', 'release', 'exec', 'climb-', 'dev', 'holder'],
  ...['patroni', 'guide', 'interrupt', 'migrations-release', 'trial', 'prove', 'tcp', 'balanced'],
  ...['conduit-proof', 'adopted-life', 'state-directory', 'doctor', 'bad-input', 'realworld'],
].map((name) => `tests/cluster/${name}`)

/** Cheap and telling ones first; whole clusters last, since they rest on all the others. */
export const suites: readonly Suite[] = [
  { kind: 'command', name: 'lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { kind: 'command', name: 'types', command: ['tsc'] },
  { kind: 'command', name: 'console-types', command: ['tsc', '-p', 'apps/console'] },
  { kind: 'command', name: 'browser-types', command: ['tsc', '-p', 'tests/browser'] },
  unit('tidy', 'tests/tidy/**/*.test.ts', 'tests/types/**/*.test.ts'),
  unit('tools', 'scripts/**/*.test.ts', 'tests/runner/**/*.test.ts', 'bench/**/*.test.ts'),
  ...['model', 'postgres', 'banyan', 'gateway', 'store', 'control'].map((name) =>
    unit(name, `packages/${name}/src/**/*.test.ts`),
  ),
  { ...unit('cli', 'packages/cli/src/**/*.test.ts'), concurrency: 3 },
  { ...unit('testing', 'packages/testing/src/**/*.test.ts'), beside: true },
  // At full size it proves a correct server a hundred times, with kills.
  {
    ...unit('prove', 'packages/prove/src/**/*.test.ts'),
    concurrency: 3,
    timeoutMs: 15 * minute,
    beside: true,
    longest: ['run-proof', 'planted-server', 'check-list-append', 'prove-apart', 'killed-server'],
  },
  // A shard's members, control and clients in virtual time: thousands of runs a minute.
  { ...unit('sim', 'tests/sim/**/*.test.ts'), timeoutMs: 15 * minute, beside: true },
  { ...unit('conduit', 'apps/**/*.test.ts'), beside: true },
  { ...unit('adoption', 'tests/adoption/*.test.ts'), timeoutMs: 10 * minute, beside: true },
  {
    ...unit('cluster', 'tests/cluster/**/*.test.ts'),
    concurrency: 3,
    spare: 2,
    longest: longestClusters,
    // A soak runs some of these files at a size that takes longer.
    timeoutMs: Number(process.env.BANYAN_FILE_MINUTES ?? '10') * minute,
  },
  // One browser at a time: how smooth a page is would say nothing else.
  { ...unit('browser', 'tests/browser/**/*.test.ts'), concurrency: 1 },
]
