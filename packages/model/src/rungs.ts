import { applyBalanced, obstaclesToBalanced } from './balanced.ts'
import { BanyanError } from './banyan-error.ts'
import { freezeDeep } from './freeze.ts'
import type { Ground } from './ground.ts'
import { nearestName } from './nearest-name.ts'
import { applyObserved, obstaclesToObserved } from './observed.ts'
import { applyReplicated, obstaclesToReplicated } from './replicated.ts'
import { sayList } from './say-list.ts'
import { applySingle } from './single.ts'
import { applySplit, obstaclesToSplit } from './split.ts'
import { emptyTopology } from './state.ts'
import type { Topology } from './topology.ts'

/** A named change of topology. */
export type Rung = {
  readonly name: string
  /** The rungs that have to hold before it. */
  readonly needs: readonly string[]
  /** What it adds, in one sentence. */
  readonly adds: string
  /** The problem that it answers, in the words of somebody who has it. */
  readonly answers: string
  /** Every reason why a system cannot have it on this ground; empty when it can. */
  readonly obstacles: (ground: Ground) => readonly string[]
  readonly apply: (topology: Topology, ground: Ground) => Topology
}

/** The rungs that exist, in the order in which a growing system meets the problems that they solve. */
export const rungs: readonly Rung[] = [
  {
    name: 'single',
    needs: [],
    adds: 'One server: web process and database side by side.',
    answers: 'It is to run, and nobody wants to look after more than one machine yet.',
    obstacles: ({ hosts }) => (hosts.length > 0 ? [] : ['It takes a host, and there is none.']),
    apply: applySingle,
  },
  {
    name: 'split',
    needs: ['single'],
    adds: 'A host of its own for the database, which moves there while it is used.',
    answers: 'Database and web process take memory and CPU from each other.',
    obstacles: obstaclesToSplit,
    apply: applySplit,
  },
  {
    name: 'balanced',
    needs: ['single'],
    adds: 'A gateway in front of two web processes, which stand in for each other.',
    answers: 'One web process is not enough, and while it restarts nobody is answered.',
    obstacles: obstaclesToBalanced,
    apply: applyBalanced,
  },
  {
    name: 'replicated',
    needs: ['single'],
    adds: 'Copies of the database, of which one has every commit before it is acknowledged and can take over.',
    answers:
      'If the database server dies, nobody can write and data may be gone; and reads alone keep it busy.',
    obstacles: obstaclesToReplicated,
    apply: applyReplicated,
  },
  {
    name: 'observed',
    needs: ['single'],
    adds: 'Prometheus and Alertmanager, with rules that say when something is wrong, and dashboards.',
    answers: 'Trouble is to be noticed by an alert, before users write about it.',
    obstacles: obstaclesToObserved,
    apply: applyObserved,
  },
]

/**
 * The rungs of these names with everything that they need, in their order on the ladder.
 *
 * @example findRungs(['balanced']).map(({ name }) => name) // ['single', 'balanced']
 * @throws BANYAN_RUNG_UNKNOWN, which lists the rungs that exist.
 */
export const findRungs = (names: readonly string[]): readonly Rung[] => {
  const wanted = new Set<string>()
  const add = (name: string): void => {
    wanted.add(name)
    for (const need of findRung(name).needs) if (!wanted.has(need)) add(need)
  }
  for (const name of names) add(name)
  return rungs.filter(({ name }) => wanted.has(name))
}

/**
 * Of the rungs that hold, those that go when some are given up: these themselves, and every rung that
 * needs one of them. In their order on the ladder.
 *
 * @example dependentsOf(['single', 'balanced'], ['balanced']) // ['balanced']
 * @throws BANYAN_RUNG_UNKNOWN, which lists the rungs that exist.
 */
export const dependentsOf = (
  held: readonly string[],
  givenUp: readonly string[],
): readonly string[] => {
  const gone = new Set(givenUp.map((name) => findRung(name).name))
  // A rung stands after those that it needs, so that one pass finds everything.
  for (const { name, needs } of rungs) if (needs.some((need) => gone.has(need))) gone.add(name)
  return rungs.map(({ name }) => name).filter((name) => gone.has(name) && held.includes(name))
}

/**
 * The rung that `grow` takes when none is named: the lowest one that does not hold, and that a system can
 * have on its ground; null on top of the ladder. Where it can have none of those that are left, the lowest
 * of them is taken, so that it is said why.
 *
 * @example nextRung(['single']) // 'split'; on the ground of a system without data 'balanced'
 */
export const nextRung = (held: readonly string[], ground?: Ground): string | null => {
  const left = rungs.filter(({ name }) => !held.includes(name))
  const open = left.find(({ obstacles }) => ground && obstacles(ground).length === 0)
  return (open ?? left[0])?.name ?? null
}

/** The rung that `shrink` gives up when none is named: the highest one; null on the first, which only `down` ends. */
export const lastRung = (held: readonly string[]): string | null =>
  rungs.slice(1).findLast(({ name }) => held.includes(name))?.name ?? null

const findRung = (name: string): Rung => {
  const rung = rungs.find((other) => other.name === name)
  if (!rung) throw unknown(name)
  return rung
}

const unknown = (name: string): BanyanError => {
  const known = rungs.map((rung) => rung.name)
  const near = nearestName(name, known)
  return new BanyanError('BANYAN_RUNG_UNKNOWN', `There is no rung ${JSON.stringify(name)}.`, {
    hint: `${near ? `Did you mean ${near}? ` : ''}The rungs that exist: ${sayList(known)}.`,
    details: { name, known },
  })
}

/**
 * The topology of a system on these rungs. Its version is given when it is reached. Ask `refusals`
 * first: a rung is not applied to a ground that cannot carry it.
 */
export const topologyOf = (names: readonly string[], ground: Ground): Topology =>
  freezeDeep(
    findRungs(names).reduce<Topology>(
      (topology, rung) => ({
        ...rung.apply(topology, ground),
        rungs: [...topology.rungs, rung.name],
      }),
      emptyTopology,
    ),
  )
