import { plan, type Step } from '@banyan/model'
import { goalOf } from './climb.ts'
import type { Context } from './context.ts'
import { isReliable, observe } from './state.ts'

const ofMembers: readonly Step['kind'][] = [
  'create-replica',
  'make-synchronous',
  'make-asynchronous',
  'switch-over',
  'retire-replica',
]

/**
 * Whether all that is left of a start may fail without anybody's missing it: contract migrations, and what
 * copies of the database lack that have been there before, and whoever watches. Those who keep them go on trying.
 */
export function mayBeLate(context: Context): boolean {
  const { topology, desired } = context
  if (topology.rungs.join() !== desired.rungs.join()) return false
  const left = plan(observe(context, isReliable), goalOf(context, 'on'))
  return left.length > 0 && left.every((step) => isLate(context, step))
}

/** Whether everything is there but those who only watch, whose keepers go on trying. */
export function lacksObserversOnly(context: Context): boolean {
  const left = plan(observe(context, isReliable), goalOf(context, 'on'))
  return left.length > 0 && left.every((step) => isOfObserver(context, step))
}

function isOfObserver({ topology }: Context, step: Step): boolean {
  if (step.kind !== 'start-node' && step.kind !== 'stop-node') return false
  return topology.nodes.some(({ name, tier }) => name === step.node && tier === 'telemetry')
}

function isLate(context: Context, step: Step): boolean {
  const { topology, shard } = context
  if (step.kind === 'contract-migrations' || ofMembers.includes(step.kind)) return true
  if (step.kind !== 'start-node' && step.kind !== 'stop-node') return false
  if (isOfObserver(context, step)) return true
  const node = topology.nodes.find(({ name }) => name === step.node)
  return node?.tier === 'data' && !node.adopted && node.name !== shard.current.primary
}
