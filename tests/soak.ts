// `npm run soak -- --minutes N --seed S [suite…]`: the suites at full size, again and again, each time
// with a seed of its own that is printed, so that what failed once can be repeated.
// usage: npm run soak [-- --minutes 30 --seed 1 --times 0 cluster/tests/cluster/kill postgres]
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { parseArgs } from 'node:util'

const { values, positionals: only } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    /** At most so many rounds; 0: as many as fit into the time. */
    times: { type: 'string', default: '0' },
  },
})

/** Counts that a test run keeps small, at the size that is promised. */
const fullSize = {
  BANYAN_HASH_KEYS: '1000000',
  BANYAN_PLAN_WALKS: '20000',
  BANYAN_PROVE_RUNS: '100',
  BANYAN_PROVE_SECONDS: '60',
  BANYAN_PROVE_KILLS: '5',
  BANYAN_CLIMB_ROUNDS: '10',
  // 0: every line of the journal; at once, and in the middle of what it announced.
  BANYAN_KILL_LINES: '0',
  BANYAN_KILL_DELAYS: '0,150',
  // 0: all ten releases on each balancer, and five on one server.
  BANYAN_RELEASE_ROUNDS: '0',
  BANYAN_RELEASE_KILL_LINES: '0',
  BANYAN_RELEASE_KILL_RUNGS: 'single,balanced',
  BANYAN_TRIAL_ROUNDS: '10000',
  BANYAN_INTERRUPT_MOMENTS: '0',
  BANYAN_BALANCER_ROUNDS: '10',
  BANYAN_FILE_MINUTES: '90',
}

type Round = {
  readonly seed: number
  readonly exitCode: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
}

/** One run of the tests, which prints as it does by itself. */
async function runRound(seed: number): Promise<Round> {
  const began = performance.now()
  const filter = only.flatMap((part) => ['--only', part])
  const child = spawn(process.execPath, [new URL('run.ts', import.meta.url).pathname, ...filter], {
    env: { ...fullSize, ...process.env, BANYAN_SEED: String(seed) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let tail = ''
  child.stdout.on('data', (chunk) => {
    process.stderr.write(chunk)
    tail = `${tail}${chunk}`.slice(-500)
  })
  const [code] = await once(child, 'close')
  const seconds = Math.round((performance.now() - began) / 1_000)
  return { seed, exitCode: code ?? 1, ...countsOf(tail), seconds }
}

function countsOf(tail: string) {
  const [, passed, failed, skipped] =
    /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(tail) ?? []
  return { passed: Number(passed ?? 0), failed: Number(failed ?? 0), skipped: Number(skipped ?? 0) }
}

/** A second interrupt ends at once; the first one after the round that is under way. */
const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort())

const minutes = Number(values.minutes)
const first = Number(values.seed)
const times = Number(values.times) || Number.POSITIVE_INFINITY
const deadline = performance.now() + minutes * 60_000
const rounds: Round[] = []
do {
  console.error(`\n══ round ${rounds.length + 1}, seed ${first + rounds.length}`)
  rounds.push(await runRound(first + rounds.length))
} while (rounds.length < times && performance.now() < deadline && !interrupted.signal.aborted)

const bad = rounds.filter(({ exitCode }) => exitCode !== 0)
const summary = {
  seed: first,
  minutes,
  only,
  fullSize,
  rounds,
  failedSeeds: bad.map(({ seed }) => seed),
}
console.log(JSON.stringify(summary, null, 2))
process.exitCode = bad.length === 0 ? 0 : 1
