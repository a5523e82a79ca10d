import { lossOf, routedServices } from '../answers.ts'
import { obstacleTo, simulate } from '../simulate.ts'
import type { Goal, State } from '../state.ts'
import type { Step } from '../step.ts'

/** One rule of the order of a climb: the step that it asks for in a state, if any. */
export type Rule = (state: State, goal: Goal) => Step | undefined

/** A step that can be done, and after which whoever was answered is answered still; else undefined. */
export const ifHarmless = (state: State, goal: Goal, step: Step | undefined): Step | undefined => {
  if (!step || obstacleTo(state, step) !== null) return
  const after = simulate(state, step)
  const services = routedServices(goal.topology)
  return services.every((service) => lossOf(state, after, service) === null) ? step : undefined
}

/** The first of the steps that items give. */
export const firstStep = <T>(
  items: readonly T[],
  stepOf: (item: T) => Step | undefined,
): Step | undefined => {
  for (const item of items) {
    const step = stepOf(item)
    if (step) return step
  }
}
