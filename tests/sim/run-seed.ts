import type { ShardSettings } from '../../packages/control/src/shard/settings.ts'
import { calm, rage } from './chaos.ts'
import { type Mistake, Simulation } from './simulation.ts'
import { Violation } from './world.ts'

export type Outcome = {
  readonly seed: number
  readonly error: Error | null
  /** What must never be has happened; otherwise it did not recover. */
  readonly isViolation: boolean
  readonly trace: readonly string[]
  readonly acknowledged: number
  readonly promotions: number
}

/** How long a shard may take to be whole again, once nothing disturbs it any more. */
const recoveryMs = 90_000

/** One run of a shard of some size under faults, all of it made from the seed. */
export async function runSeed(seed: number, mistake?: Mistake): Promise<Outcome> {
  const random = new Simulation({ seed, replicas: 1, settings: settingsOf(1, 0.9) }).world
  const replicas = random.pick([1, 2, 2, 2, 3, 4])
  const quorum = replicas > 1 && random.chance(0.3) ? 2 : 1
  const settings = settingsOf(quorum, random.random())
  return await run(
    new Simulation({ seed, replicas, settings, ...(mistake === undefined ? {} : { mistake }) }),
    async (sim) => {
      await storm(sim, mistake)
    },
  )
}

function settingsOf(quorum: number, chance: number): ShardSettings {
  return {
    quorum,
    durability: chance < 0.65 ? 'required' : 'preferred',
    replicated: chance < 0.9,
  }
}

export async function run(
  sim: Simulation,
  work: (sim: Simulation) => Promise<void>,
): Promise<Outcome> {
  let error: Error | null = null
  try {
    await work(sim)
  } catch (thrown) {
    error = thrown instanceof Error ? thrown : new Error(String(thrown))
  }
  sim.end()
  return {
    seed: sim.world.seed,
    error,
    isViolation: error instanceof Violation,
    trace: sim.world.trace,
    acknowledged: sim.judge.acknowledged.size,
    promotions: sim.keeper.record.term - 1,
  }
}

async function storm(sim: Simulation, mistake: Mistake | undefined): Promise<void> {
  const { world } = sim
  void sim.found()
  await world.runUntil(world.between(300, 1_500))
  const endMs = world.nowMs + world.between(1_500, 9_000)
  void rage(sim, endMs, mistake?.faults)
  await world.runUntil(endMs)
  calm(sim)
  // With a mistake it may not; what counts is what is lost.
  if (mistake === undefined) await untilWhole(sim, recoveryMs)
  else if (mistake.isStuck) await untilWhole(sim, 20_000)
  else await world.runUntil(world.nowMs + 3_000)
  const primary = sim.primary
  if (primary !== null) sim.judge.demandAll(primary)
  await world.runUntil(world.nowMs + 1)
}

/** Lets time pass until the shard is as it should be; fails when it does not become so. */
export async function untilWhole(sim: Simulation, patienceMs: number): Promise<void> {
  const { world } = sim
  const endMs = world.nowMs + patienceMs
  let why: string | null = 'not looked at'
  while (world.nowMs < endMs) {
    await world.runUntil(world.nowMs + 50)
    why = whyNotWhole(sim)
    if (why === null) return
  }
  throw new Error(
    `The shard does not recover: ${why}. ${sim.keeper.situation.sentence}\n${describe(sim)}`,
  )
}

function describe(sim: Simulation): string {
  const servers = sim.servers.map(({ name, run, copy }) => {
    const list = JSON.stringify(run?.list)
    const life = run === null ? 'dead' : `${run.frozen ? 'frozen' : 'running'}, open ${run.open}`
    const from = `source ${run?.source !== null}, complete ${run?.complete}, ${run?.broken}`
    return `${name}: ${life}, ${copy.entries.length} entries, list ${list}, ${from}`
  })
  return [JSON.stringify(sim.keeper.record), ...servers].join('\n')
}

function whyNotWhole(sim: Simulation): string | null {
  const { record } = sim.keeper
  const { primary, judge, world } = sim
  if (primary === null) return 'nobody takes writes'
  if (record.promotion !== null || record.primary !== primary.name) return 'a promotion is not over'
  if (record.remake.length > 0) return `${record.remake.join(', ')} is not made anew`
  const ready = sim.servers.filter(({ run }) => run?.open === false && run.prepared)
  if (ready.length > 0) return `${ready.map(({ name }) => name)} is ready to take over still`
  const away = sim.servers.filter(({ run }) => run !== primary.run && run?.source !== primary.run)
  if (away.length > 0) return `${away.map(({ name }) => name).join(', ')} does not follow`
  if (record.wanted.some((name) => name !== primary.name && !record.confirming.includes(name)))
    return 'not all confirm'
  if (record.confirming.length > 0 && record.quorum !== quorumOf(sim))
    return 'the quorum is another'
  return world.nowMs - judge.lastAckMs > 1_000 ? 'nothing is acknowledged' : null
}

const quorumOf = (sim: Simulation): number =>
  Math.min(sim.settings.quorum, sim.keeper.record.wanted.length - 1)
