import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isReached } from './plan/reached.ts'
import { nextStep, plan } from './plan.ts'
import { simulate } from './simulate.ts'
import { emptyState, type Goal, type State } from './state.ts'
import { brokenByShare, failovers } from './test-explore.ts'
import { brokenByChange, brokenByClimb, brokenInvariants } from './test-invariants.ts'
import { goalsWithReleases } from './test-releases.ts'
import { systemsUpTo } from './test-systems.ts'

/**
 * What may happen next: a goal is set, some steps towards it are done, a node dies, or control does, or
 * whoever keeps the database servers does something about them.
 */
const event = fc.oneof(
  fc.record({ kind: fc.constant('goal' as const), index: fc.nat(100) }),
  fc.record({ kind: fc.constant('steps' as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant('death' as const), index: fc.nat(10) }),
  fc.record({ kind: fc.constant('amnesia' as const) }),
  fc.record({ kind: fc.constant('failover' as const), index: fc.nat(3) }),
)

const shapes = systemsUpTo(3)
const walk = fc.record({
  shape: fc.constantFrom(...shapes),
  events: fc.array(event, { minLength: 3, maxLength: 12 }),
})

/** One step, after which nothing may be wrong. */
const stepOn = (state: State, goal: Goal): State | null => {
  const step = nextStep(state, goal)
  if (!step) return null
  const after = simulate(state, step)
  assert.equal(brokenByChange(state, after), null)
  assert.equal(brokenByClimb(state, after, goal), null)
  assert.equal(brokenByShare(state, step, goal), null)
  assert.deepEqual(brokenInvariants(after), [])
  return after
}

/** The soak walks longer, each time with another seed. */
const seed = Number(process.env.BANYAN_SEED ?? 11)
const numRuns = Number(process.env.BANYAN_PLAN_WALKS ?? 1_000)

test('whatever is wanted, interrupted and killed in which order, the last goal is reached and nothing breaks', () => {
  fc.assert(
    fc.property(walk, ({ shape, events }) => {
      const goals = goalsWithReleases(shape)
      let state: State = emptyState
      let [goal] = goals
      assert.ok(goal)
      for (const event of events) {
        if (event.kind === 'goal') goal = goals[event.index % goals.length] ?? goal
        else if (event.kind === 'amnesia') state = { ...state, migrated: null }
        else if (event.kind === 'failover') {
          const healed = failovers(state)
          state = healed[event.index % Math.max(1, healed.length)] ?? state
        } else if (event.kind === 'death') {
          const dead = event.index % Math.max(1, state.running.length)
          state = { ...state, running: state.running.filter((_, index) => index !== dead) }
        } else {
          for (let count = event.count; count > 0; count--) state = stepOn(state, goal) ?? state
        }
      }
      for (let steps = 0, next: State | null = state; next; steps++) {
        assert.ok(steps < 120, `${plan.name} goes on for ever`)
        state = next
        next = stepOn(state, goal)
      }
      assert.ok(isReached(state, goal))
    }),
    { numRuns, seed },
  )
})
