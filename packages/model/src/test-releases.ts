/** Goals that differ in their release, for tests of plans. */
import type { Ground } from './ground.ts'
import { plan } from './plan.ts'
import { simulate } from './simulate.ts'
import { emptyState, type Goal, type State } from './state.ts'
import { on } from './test-goals.ts'

export type Marks = { readonly [Mark in 'builds' | 'trial' | 'contracts']?: true }

/** A release as people bring it live: on trial, built before, contracted after. */
export const everyMark: Marks = { builds: true, trial: true, contracts: true }

export const release = (
  name: string,
  names: readonly string[],
  ground: Ground,
  marks: Marks = {},
): Goal => ({ ...on(names, ground, name), ...marks })

export const reach = (state: State, goal: Goal): State => plan(state, goal).reduce(simulate, state)

/** Where everything begins for a release that is the first one. */
export const firstLive: State = { ...emptyState, live: 'r1' }

/** What was taken away does not come back, so that nobody goes back to what needs it. */
export const isNotRefused = ({ contracted, live }: State, goal: Goal): boolean =>
  contracted !== 'r2' || live === null || goal.release !== 'r1'
