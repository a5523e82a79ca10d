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
  readonly timeoutMs: number
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

/** Cheap and telling ones first; whole clusters last, since they rest on all the others. */
export const suites: readonly Suite[] = [
  { kind: 'command', name: 'lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { kind: 'command', name: 'types', command: ['tsc'] },
  unit('tidy', 'tests/tidy/**/*.test.ts', 'tests/types/**/*.test.ts'),
  unit('tools', 'scripts/**/*.test.ts', 'tests/runner/**/*.test.ts', 'bench/**/*.test.ts'),
  ...['model', 'postgres', 'banyan', 'gateway', 'control', 'cli', 'testing'].map((name) =>
    unit(name, `packages/${name}/src/**/*.test.ts`),
  ),
  // At full size it proves a correct server a hundred times, with kills.
  { ...unit('prove', 'packages/prove/src/**/*.test.ts'), concurrency: 4, timeoutMs: 15 * minute },
  // A shard's members, control and clients in virtual time: thousands of runs a minute.
  { ...unit('sim', 'tests/sim/**/*.test.ts'), timeoutMs: 15 * minute },
  unit('conduit', 'apps/**/*.test.ts'),
  { ...unit('adoption', 'tests/adoption/*.test.ts'), concurrency: 3, timeoutMs: 10 * minute },
  {
    ...unit('cluster', 'tests/cluster/**/*.test.ts'),
    // They mostly wait: for a trial, a drain, a start.
    concurrency: 3,
    // A soak runs some of these files at a size that takes longer.
    timeoutMs: Number(process.env.BANYAN_FILE_MINUTES ?? '10') * minute,
  },
]
