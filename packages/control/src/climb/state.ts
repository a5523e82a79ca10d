import type { State } from '@banyan/model'
import type { Keeper } from '../supervise/keeper.ts'
import type { Context } from './context.ts'

/** On the way up a node runs when it can be relied on; on the way down, as long as it is kept running. */
export type Meaning = (keeper: Keeper) => boolean

export const isReliable: Meaning = ({ situation }) => situation === 'healthy'
export const isKept: Meaning = ({ facts }) => facts.wanted

/** What there is now: the recorded nodes, and of those the ones that run. */
export function observe(context: Context, runs: Meaning): State {
  const { topology, keepers, migrated, release, entry } = context
  const running = topology.nodes
    .filter(({ name }) => {
      const keeper = keepers.get(name)
      return keeper !== null && runs(keeper)
    })
    .map((node) => ({ node: node.name, release: node.service === undefined ? null : release }))
  const admitted = entry.admitted.filter((name) =>
    topology.nodes.some((node) => node.name === name),
  )
  return { topology, running, migrated, admitted }
}
