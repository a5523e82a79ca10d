// `npm run soak -- --minutes N --seed S`: faults, climbs and releases in any order on one system, for so long;
// the summary is kept in bench/results/soak.json.
// `npm run soak -- --minutes N --seed S all|suite…`: the suites at full size, again and again, each time with a
// seed of its own that is printed, so that what failed once can be repeated.
// usage: npm run soak [-- --minutes 30 --seed 1 --times 0 cluster/tests/cluster/kill postgres]
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { commit, machine, versions } from '../bench/lib/machine.ts'

const { values, positionals } = parseArgs({
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
  BANYAN_PATRONI_FROZEN: '1',
  BANYAN_PATRONI_NOTICED_MS: '1000',
  BANYAN_PATRONI_RATE: '60',
  BANYAN_PATRONI_WRITTEN_MS: '5000',
  BANYAN_SMOOTH_MS: '50',
  BANYAN_FIRST_VIEW_MS: '1000',
  BANYAN_PLAN_WALKS: '20000',
  BANYAN_PLAN_MEMBERS: 'whole',
  BANYAN_PROVE_RUNS: '100',
  BANYAN_PROVE_SECONDS: '60',
  BANYAN_PROVE_KILLS: '5',
  BANYAN_CLIMB_ROUNDS: '10',
  BANYAN_CLIMB_RATE: '300',
  BANYAN_RELEASE_RATE: '300',
  // 0: every line of the journal; at once, and in the middle of what it announced.
  BANYAN_KILL_LINES: '0',
  BANYAN_KILL_DELAYS: '0,150',
  // 0: all ten releases on each balancer, and five on one server.
  BANYAN_RELEASE_ROUNDS: '0',
  BANYAN_RELEASE_KILL_LINES: '0',
  BANYAN_RELEASE_KILL_RUNGS: 'single,balanced',
  BANYAN_TRIAL_ROUNDS: '10000',
  BANYAN_TCP_ENGINES: 'all',
  BANYAN_INTERRUPT_MOMENTS: '0',
  BANYAN_BALANCER_ROUNDS: '10',
  BANYAN_SHARD_CLIMB_ROUNDS: '5',
  BANYAN_KILLS: '50',
  BANYAN_MIXED_FAULTS: '50',
  BANYAN_OUTAGE_WORST_MS: '2000',
  BANYAN_SWITCHOVERS: '20',
  BANYAN_SHARD_RATE: '200',
  BANYAN_MIX_SECONDS: '120',
  BANYAN_STRONG_READS: '100000',
  BANYAN_READ_RATE: '300',
  BANYAN_READ_SHARE: '0.9',
  BANYAN_SIM_SEEDS: '20000',
  BANYAN_PLANTED: 'all',
  BANYAN_PLANTED_TRIES: '10',
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
async function runRound(
  seed: number,
  only: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Round> {
  const began = performance.now()
  const filter = only.flatMap((part) => ['--only', part])
  const child = spawn(process.execPath, [new URL('run.ts', import.meta.url).pathname, ...filter], {
    env: { ...settings, ...process.env, BANYAN_SEED: String(seed) },
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

/** One system on which everything happens, for as long as was asked for; its summary is kept. */
async function soakMix(seed: number, minutes: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-soak-'))
  const file = join(folder, 'mix.json')
  try {
    const round = await runRound(seed, ['cluster/tests/cluster/replicated-mix'], {
      BANYAN_MIX_SECONDS: String(Math.round(minutes * 60)),
      BANYAN_MIX_RESULT: file,
      BANYAN_FILE_MINUTES: String(Math.ceil(minutes) + 20),
    })
    const mix = JSON.parse(await readFile(file, 'utf8').catch(() => 'null'))
    const { failed, exitCode } = round
    const surroundings = { git: commit(), hardware: machine(), versions: versions() }
    const summary = { name: 'soak', date: new Date().toISOString(), minutes, failed, ...mix }
    const text = JSON.stringify({ ...summary, seed, ...surroundings }, null, 2)
    await writeFile(new URL('../bench/results/soak.json', import.meta.url), `${text}\n`)
    console.log(text)
    return exitCode
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A second interrupt ends at once; the first one after the round that is under way. */
async function soakSuites(seed: number, minutes: number, only: readonly string[]): Promise<number> {
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  const times = Number(values.times) || Number.POSITIVE_INFINITY
  const deadline = performance.now() + minutes * 60_000
  const rounds: Round[] = []
  do {
    console.error(`\n══ round ${rounds.length + 1}, seed ${seed + rounds.length}`)
    rounds.push(await runRound(seed + rounds.length, only, fullSize))
  } while (rounds.length < times && performance.now() < deadline && !interrupted.signal.aborted)
  const failedSeeds = rounds.filter(({ exitCode }) => exitCode !== 0).map((round) => round.seed)
  console.log(JSON.stringify({ seed, minutes, only, fullSize, rounds, failedSeeds }, null, 2))
  return failedSeeds.length === 0 ? 0 : 1
}

const [seed, minutes] = [Number(values.seed), Number(values.minutes)]
process.exitCode =
  positionals.length === 0
    ? await soakMix(seed, minutes)
    : await soakSuites(
        seed,
        minutes,
        positionals.filter((name) => name !== 'all'),
      )
