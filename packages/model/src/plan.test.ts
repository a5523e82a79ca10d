import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plan } from './plan.ts'
import { describeStep, obstacleTo, sentenceOf, simulate, undoOf } from './simulate.ts'
import { emptyState, type Goal, isDataNode, type State } from './state.ts'
import type { Step } from './step.ts'
import { comparable } from './test-explore.ts'
import { goalsOf, offGoals } from './test-goals.ts'
import { systemsUpTo } from './test-systems.ts'

/** Every state that a plan passes through, the first one included. */
const statesOf = (state: State, steps: readonly Step[]): readonly State[] => {
  const states = [state]
  for (const step of steps) states.push(simulate(states.at(-1) ?? state, step))
  return states
}

const reach = (state: State, goal: Goal): State =>
  statesOf(state, plan(state, goal)).at(-1) ?? state

test('an interrupted climb goes on with exactly the steps that were left', () => {
  for (const system of systemsUpTo(2)) {
    for (const goal of goalsOf(system)) {
      const steps = plan(emptyState, goal)
      for (const [index, state] of statesOf(emptyState, steps).entries()) {
        assert.deepEqual(plan(state, goal), steps.slice(index))
      }
    }
  }
})

test('a step taken back leaves nodes, places and rungs as they were', () => {
  for (const system of systemsUpTo(2)) {
    const goals = goalsOf(system)
    for (const first of goals) {
      const start = reach(emptyState, first)
      for (const goal of goals) {
        let state = start
        for (const step of plan(start, goal)) {
          const undo = undoOf(state, step)
          const after = simulate(state, step)
          if (undo && obstacleTo(after, undo) === null) {
            const back = simulate(after, undo)
            assert.deepEqual(comparable(back.topology), comparable(state.topology))
            assert.deepEqual(new Set(back.running), new Set(state.running))
          } else {
            const irreversible = [
              'apply-migrations',
              'inspect-data',
              'destroy-data-node',
              'stop-node',
              'drain-node',
              'record-release',
            ]
            assert.ok(irreversible.includes(step.kind), `${step.kind} is not taken back`)
          }
          state = after
        }
      }
    }
  }
})

test('no climb deletes a database server unless that was asked for', () => {
  for (const system of systemsUpTo(2)) {
    for (const first of goalsOf(system)) {
      const start = reach(emptyState, first)
      const data = start.topology.nodes.filter(isDataNode)
      for (const goal of goalsOf(system)) {
        if (goal.power === 'off' && goal.destroyData) continue
        assert.ok(!plan(start, goal).some(({ kind }) => kind === 'destroy-data-node'))
        for (const node of data) {
          assert.ok(reach(start, goal).topology.nodes.some(({ name }) => name === node.name))
        }
      }
    }
  }
})

test('databases stop after the last service when the whole system stops', () => {
  for (const system of systemsUpTo(2)) {
    for (const on of goalsOf(system).filter(({ power }) => power === 'on')) {
      const start = reach(emptyState, on)
      for (const off of offGoals(on.topology)) {
        for (const state of statesOf(start, plan(start, off))) {
          const names = state.topology.nodes.filter(isDataNode).map(({ name }) => name)
          const runs = (name: string) => state.running.some(({ node }) => node === name)
          const services = state.running.filter(({ release }) => release !== null)
          assert.ok(services.length === 0 || names.every(runs))
        }
      }
    }
  }
})

test('the plan of a first start reads as a person would do it', () => {
  const [goal] = goalsOf({ services: ['web', 'worker'], data: true })
  if (!goal) throw new Error('The goals are listed above.')
  assert.deepEqual(plan(emptyState, goal).map(sentenceOf), [
    'Make the database server db-1 on local-1.',
    'Start db-1.',
    'Bring db-1 to the migrations of release r1.',
    'Place web-a-1 on local-1.',
    'Start web-a-1 with release r1.',
    'Place worker-b-1 on local-1.',
    'Start worker-b-1 with release r1.',
    'Record that release r1 is live.',
    'Record that single holds.',
  ])
})

test('a server that somebody else runs is watched and asked, and nothing else is done to it', () => {
  const ours = ['create-data-node', 'apply-migrations', 'destroy-data-node']
  for (const shape of systemsUpTo(2).filter(({ data }) => data === 'adopted')) {
    const goals = goalsOf(shape)
    for (const first of goals) {
      const start = reach(emptyState, first)
      for (const steps of [plan(emptyState, first), ...goals.map((goal) => plan(start, goal))]) {
        assert.ok(!steps.some(({ kind }) => ours.includes(kind)))
        const [data = ''] = start.topology.nodes.filter(isDataNode).map(({ name }) => name)
        for (const step of steps) {
          if (step.kind === 'start-node' && step.node === data) assert.equal(step.adopted, true)
          if (step.kind === 'stop-node' && step.node === data) assert.equal(step.adopted, true)
        }
      }
    }
  }
})

test('the plan on an adopted database says that nothing of it is changed', () => {
  const goals = goalsOf({ services: ['web'], data: 'adopted' })
  const [on] = goals
  const destroyed = goals.at(-1)
  if (!on || !destroyed) throw new Error('The goals are listed above.')
  assert.deepEqual(plan(emptyState, on).map(sentenceOf), [
    'Adopt the database server at db.example:5432 as db-1; it stays as it is.',
    'Watch db-1.',
    'Read what release r1 needs to know of db-1; nothing is written.',
    'Place web-a-1 on local-1.',
    'Start web-a-1 with release r1.',
    'Record that release r1 is live.',
    'Record that single holds.',
  ])
  assert.deepEqual(plan(reach(emptyState, on), destroyed).map(sentenceOf).slice(-2), [
    'Stop watching db-1; it goes on running.',
    'Let go of db-1; it stays as it is.',
  ])
})

test('an adopted server is neither deleted, nor made, nor exchanged for one of ours', () => {
  const [on] = goalsOf({ services: ['web'], data: 'adopted' })
  const [own] = goalsOf({ services: ['web'], data: true })
  const [node] = on?.topology.nodes ?? []
  const [ownNode] = own?.topology.nodes ?? []
  const [host] = own?.topology.hosts ?? []
  if (!on || !own || !node || !ownNode || !host) throw new Error('The goals are listed above.')
  const off = reach(reach(emptyState, on), { ...on, power: 'off' })
  assert.equal(
    obstacleTo(off, { kind: 'destroy-data-node', node: 'db-1' }),
    "db-1 is adopted, and somebody else's to delete",
  )
  assert.equal(obstacleTo(emptyState, { kind: 'create-data-node', node, host }), 'db-1 is adopted')
  assert.equal(
    obstacleTo(emptyState, { kind: 'adopt-data-node', node: ownNode, host }),
    'db-1 is not an adopted database server',
  )
  assert.equal(
    obstacleTo(off, { kind: 'change-node', node: ownNode, host }),
    'db-1 is another server',
  )
})

test('a step is described with its undo, or with the reason why there is none', () => {
  const [goal] = goalsOf({ services: ['web'], data: true })
  if (!goal) throw new Error('The goals are listed above.')
  let state = emptyState
  const described = plan(emptyState, goal).map((step) => {
    const description = describeStep(state, step)
    state = simulate(state, step)
    return [description.kind, description.node, description.undo]
  })
  assert.deepEqual(described.slice(0, 3), [
    ['create-data-node', 'db-1', 'Delete the database server db-1 with its data.'],
    ['start-node', 'db-1', 'Stop db-1 when it has finished its requests.'],
    ['apply-migrations', null, 'Migrations stay; the release before tolerates them.'],
  ])
})

test('a plan is frozen plain data', () => {
  const [goal] = goalsOf({ services: ['web'], data: true })
  if (!goal) throw new Error('The goals are listed above.')
  const steps = plan(emptyState, goal)
  assert.deepEqual(JSON.parse(JSON.stringify(steps)), steps)
  assert.throws(() => Object.assign(steps[0] ?? {}, { kind: 'stop-node' }), TypeError)
})

test('a step that cannot be done is refused with the obstacle', () => {
  assert.throws(() => simulate(emptyState, { kind: 'stop-node', node: 'web-1' }), {
    code: 'BANYAN_STEP_REFUSED',
    message: 'The step stop-node cannot be done: web-1 does not run.',
  })
  const early: Step = { kind: 'start-node', node: 'web-a-1', release: 'r1', needs: ['db-1'] }
  const [goal] = goalsOf({ services: ['web'], data: true })
  if (!goal) throw new Error('The goals are listed above.')
  const steps = plan(emptyState, goal).slice(0, 1)
  const made = statesOf(emptyState, steps).at(-1) ?? emptyState
  assert.equal(obstacleTo(made, early), 'there is no node web-a-1')
})
