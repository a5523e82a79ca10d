import { BanyanError } from './banyan-error.ts'
import { freezeDeep } from './freeze.ts'
import type { Ground } from './ground.ts'
import { nearestName } from './nearest-name.ts'
import { sayList } from './say-list.ts'
import { applySingle } from './single.ts'
import { emptyTopology } from './state.ts'
import type { Topology } from './topology.ts'

/** A named change of topology. */
export type Rung = {
  readonly name: string
  /** The rungs that have to hold before it. */
  readonly needs: readonly string[]
  /** What it adds, in one sentence. */
  readonly adds: string
  readonly apply: (topology: Topology, ground: Ground) => Topology
}

/** The rungs that exist, in the order in which a growing system meets the problems that they solve. */
export const rungs: readonly Rung[] = [
  {
    name: 'single',
    needs: [],
    adds: 'One server: web process and database side by side.',
    apply: applySingle,
  },
]

/**
 * The rungs of these names with everything that they need, in their order on the ladder.
 *
 * @example findRungs(['single']).map(({ adds }) => adds)
 * @throws BANYAN_RUNG_UNKNOWN, which lists the rungs that exist.
 */
export const findRungs = (names: readonly string[]): readonly Rung[] => {
  const wanted = new Set<string>()
  const add = (name: string): void => {
    const rung = rungs.find((other) => other.name === name)
    if (!rung) throw unknown(name)
    wanted.add(name)
    for (const need of rung.needs) if (!wanted.has(need)) add(need)
  }
  for (const name of names) add(name)
  return rungs.filter(({ name }) => wanted.has(name))
}

const unknown = (name: string): BanyanError => {
  const known = rungs.map((rung) => rung.name)
  const near = nearestName(name, known)
  return new BanyanError('BANYAN_RUNG_UNKNOWN', `There is no rung ${JSON.stringify(name)}.`, {
    hint: `${near ? `Did you mean ${near}? ` : ''}The rungs that exist: ${sayList(known)}.`,
    details: { name, known },
  })
}

/** The topology of a system on these rungs. Its version is given when it is reached. */
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
