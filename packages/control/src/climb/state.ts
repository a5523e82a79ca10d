import { membersOf, type State, type Topology } from '@banyan/model'
import { inPlace } from '../releases/releases.ts'
import type { ShardRecord } from '../shard/record.ts'
import type { Keeper } from '../supervise/keeper.ts'
import type { Context } from './context.ts'

const codeInPlace = { live: inPlace, tried: inPlace, contracted: inPlace, built: [inPlace] }

/** On the way up a node runs when it can be relied on; on the way down, as long as it is kept running. */
export type Meaning = (keeper: Keeper) => boolean

export const isReliable: Meaning = ({ situation }) => situation === 'healthy'
export const isKept: Meaning = ({ facts }) => facts.wanted

/** What there is now: the recorded nodes, and of those the ones that run. */
export function observe(context: Context, runs: Meaning): State {
  const { topology, keepers, migrated, entry, releases } = context
  const running = topology.nodes
    .filter(({ name }) => {
      const keeper = keepers.get(name)
      return keeper !== null && runs(keeper)
    })
    .map(({ name }) => ({ node: name, release: keepers.get(name)?.driver.release ?? null }))
  const admitted = entry.admitted.filter((name) =>
    topology.nodes.some((node) => node.name === name),
  )
  // The code in place is not released: it is live as soon as it runs.
  const { live, tried, contracted, built } = context.release === inPlace ? codeInPlace : releases
  const leader = leadersIn(topology, context.shard.current)
  return { topology, running, ...leader, migrated, admitted, live, tried, contracted, built }
}

/**
 * Who takes the writes, and who is to confirm them whenever it can: one that is away for a moment is not to
 * be made to confirm again.
 */
export function leadersIn(
  topology: Topology,
  { primary, wanted }: ShardRecord,
): Pick<State, 'primary' | 'confirming'> {
  const names = membersOf(topology).map(({ name }) => name)
  return {
    primary: names.find((name) => name === primary) ?? null,
    confirming: names.filter((name) => name !== primary && wanted.includes(name)).sort(),
  }
}
