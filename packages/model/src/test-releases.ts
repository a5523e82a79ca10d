/** Goals that differ in their release, for tests of plans. */
import type { Ground } from './ground.ts'
import { plan } from './plan.ts'
import { simulate } from './simulate.ts'
import { emptyState, type Goal, type State } from './state.ts'
import { goalsOf, on, resizedGround } from './test-goals.ts'
import { dataRungsOf, groundOf, rungsOf, type Shape } from './test-systems.ts'

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

/** What can be wanted of a shape, releases on trial and another balancer among it. */
export const goalsWithReleases = (shape: Shape): readonly Goal[] => {
  const ground = groundOf(shape)
  const haproxy: Ground = { ...ground, balancer: 'haproxy' }
  const releases = rungsOf(shape).flatMap((names) => [
    release('r2', names, ground, { builds: true, trial: true }),
    release('r3', names, haproxy, { trial: true }),
    on(names, haproxy),
  ])
  const resized = resizedGround(ground)
  const moves = (shape.data === true ? dataRungsOf(shape) : []).flatMap((names) => [
    on(names, ground),
    on(names, resized),
    release('r2', names, ground, { builds: true, trial: true }),
  ])
  return [...goalsOf(shape), ...releases, ...moves]
}

/** What was taken away does not come back, so that nobody goes back to what needs it. */
export const isNotRefused = ({ contracted, live }: State, goal: Goal): boolean =>
  contracted !== 'r2' || live === null || goal.release !== 'r1'
