import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isReached } from './plan/reached.ts'
import { plan } from './plan.ts'
import { obstacleTo, sentenceOf, simulate, undoOf } from './simulate.ts'
import { emptyState, type Goal, type State } from './state.ts'
import { comparable } from './test-explore.ts'
import { on, resizedGround } from './test-goals.ts'
import { brokenByChange, brokenByClimb, brokenInvariants } from './test-invariants.ts'
import { everyMark, firstLive, reach, release } from './test-releases.ts'
import { dataRungsOf, groundOf } from './test-systems.ts'

const ground = groundOf({ services: ['web'], data: true })
const goal = (...names: string[]): Goal => on(names, ground)
const at = (...names: string[]): State => reach(emptyState, goal(...names))
const climb = (from: State, to: Goal): readonly string[] => plan(from, to).map(sentenceOf)

const dead = (state: State, ...names: string[]): State => ({
  ...state,
  running: state.running.filter(({ node }) => !names.includes(node)),
})

/** What a failover leaves behind. */
const failedOver = (state: State, primary: string): State => ({
  ...dead(state, state.primary ?? ''),
  primary,
  confirming: [],
})

test('the database moves by a copy that has everything, and the old server goes last', () => {
  assert.deepEqual(climb(at('single'), goal('split')), [
    'Make db-2 on local-3, a copy of db-1.',
    'Start db-2.',
    'Have db-2 confirm commits before they are acknowledged.',
    'Have db-2 take the writes, in place of db-1.',
    'Have no commit wait for db-1 any more.',
    'Stop db-1 when it has finished its requests.',
    'Delete db-1, whose data other servers have.',
    'Record that single and split hold.',
  ])
  assert.deepEqual(at('split').confirming, [])
})

test('all copies are there before commits wait for one of them', () => {
  const steps = climb(at('single'), goal('replicated'))
  assert.deepEqual(steps, [
    'Make db-3 on local-4, a copy of db-1.',
    'Start db-3.',
    'Make db-4 on local-5, a copy of db-1.',
    'Start db-4.',
    'Have db-3 confirm commits before they are acknowledged.',
    'Have db-4 confirm commits before they are acknowledged.',
    'Record that single and replicated hold.',
  ])
  assert.deepEqual(at('replicated').confirming, ['db-3', 'db-4'])
})

test('a replicated database moves with somebody confirming at every moment', () => {
  let state = at('replicated')
  for (const step of plan(state, goal('split', 'replicated'))) {
    state = simulate(state, step)
    assert.ok(state.confirming.length >= 2, sentenceOf(step))
  }
  assert.equal(state.primary, 'db-2')
})

test('who has taken over goes on leading where the goal has it, and the dead one comes back as a copy', () => {
  const state = failedOver(at('replicated'), 'db-4')
  assert.deepEqual(climb(state, goal('replicated')), [
    'Have db-3 confirm commits before they are acknowledged.',
    'Start db-1.',
    'Have db-1 confirm commits before they are acknowledged.',
  ])
  assert.deepEqual(climb(state, goal('single')).slice(0, 4), [
    'Record that single holds.',
    'Start db-1.',
    'Have db-1 confirm commits before they are acknowledged.',
    'Have db-1 take the writes, in place of db-4.',
  ])
})

test('a dead server that the goal does not have is deleted without being started again', () => {
  const state = dead(at('replicated'), 'db-3')
  assert.deepEqual(climb(state, goal('single')), [
    'Record that single holds.',
    'Have no commit wait for db-3 any more.',
    'Have no commit wait for db-4 any more.',
    'Stop db-4 when it has finished its requests.',
    'Delete db-3, whose data other servers have.',
    'Delete db-4, whose data other servers have.',
  ])
})

test('while the primary is dead nothing is let go of', () => {
  const state = dead(at('replicated'), 'db-1')
  for (const names of [['single'], ['split'], ['replicated']]) {
    const first = plan(state, goal(...names)).find(({ kind }) => kind !== 'record-rungs')
    assert.deepEqual(first, { kind: 'start-node', node: 'db-1', release: null, needs: [] })
  }
  for (const node of ['db-3', 'db-4']) {
    const stopped = dead({ ...state, confirming: [] }, node)
    assert.equal(obstacleTo(stopped, { kind: 'retire-replica', node }), 'db-1 does not run')
    assert.match(
      String(obstacleTo(state, { kind: 'make-asynchronous', node })),
      /db-1 does not run/,
    )
  }
})

test('a dead copy keeps no process from starting, and no release from coming live', () => {
  const held = reach(firstLive, release('r1', ['replicated'], ground))
  const state = dead(held, 'db-4', 'web-a-1')
  assert.equal(climb(state, goal('replicated'))[0], 'Start web-a-1 with release r1.')
  const steps = climb(dead(held, 'db-4'), release('r2', ['replicated'], ground, everyMark))
  const live = steps.indexOf('Record that release r2 is live.')
  assert.ok(live > 0 && live < steps.indexOf('Start db-4.'), steps.join(' '))
  assert.ok(steps.indexOf('Start db-4.') < steps.findIndex((step) => step.startsWith('Take away')))
})

test('what is written waits until somebody runs who confirms it, as many as it takes', () => {
  const off = { ...at('replicated'), running: [], migrated: null }
  const begin = (quorum?: number) =>
    climb(off, { ...goal('replicated'), ...(quorum !== undefined && { quorum }) }).slice(0, 4)
  assert.deepEqual(begin(), [
    'Start db-1.',
    'Start db-3.',
    'Bring db-1 to the migrations of release r1.',
    'Start web-a-1 with release r1.',
  ])
  assert.deepEqual(begin(2).slice(0, 3), ['Start db-1.', 'Start db-3.', 'Start db-4.'])
  assert.match(begin(0)[1] ?? '', /^Bring db-1/)
})

test('when all is to be off the primary stops after what writes, and its copies after it', () => {
  const state = failedOver(at('replicated'), 'db-3')
  const whole = reach(state, goal('replicated'))
  assert.deepEqual(climb(whole, { ...goal('replicated'), power: 'off' }), [
    'Stop web-a-1 when it has finished its requests.',
    'Stop db-3 when it has finished its requests.',
    'Stop db-1 when it has finished its requests.',
    'Stop db-4 when it has finished its requests.',
  ])
  const gone = { topology: emptyState.topology, release: 'r1', power: 'off', destroyData: true }
  const deleted = climb(whole, gone as Goal).filter((step) => step.startsWith('Delete'))
  assert.deepEqual(deleted, [
    'Delete the database server db-4 with its data.',
    'Delete the database server db-1 with its data.',
    'Delete the database server db-3 with its data.',
  ])
  assert.equal(reach(whole, gone as Goal).primary, null)
})

test('databases get another size one after another, the primary when another has taken its place', () => {
  const larger = on(['replicated'], resizedGround(ground))
  const steps = climb(at('replicated'), larger).filter((step) => /db-|take/.test(step))
  assert.deepEqual(steps, [
    ...restarted('db-3', 'local-4'),
    ...restarted('db-4', 'local-5'),
    'Have db-3 take the writes, in place of db-1.',
    ...restarted('db-1', 'local-1'),
  ])
})

const restarted = (name: string, host: string): readonly string[] => [
  `Have no commit wait for ${name} any more.`,
  `Stop ${name} when it has finished its requests.`,
  `Give ${name} its new place on ${host}.`,
  `Start ${name}.`,
  `Have ${name} confirm commits before they are acknowledged.`,
]

test('a second server is never made empty, only as a copy', () => {
  const [node] = goal('split').topology.nodes
  const [host] = goal('split').topology.hosts
  assert.ok(node && host)
  const step = { kind: 'create-data-node', node, host } as const
  assert.equal(obstacleTo(at('single'), step), 'db-1 is the database server already')
  const copy = { kind: 'create-replica', node, host, from: 'db-3' } as const
  assert.equal(obstacleTo(at('replicated'), copy), 'db-3 is not the primary')
})

test('a copy is deleted when nothing waits for it any more, and by nobody else', () => {
  const state = dead(at('replicated'), 'db-3')
  const retire = { kind: 'retire-replica', node: 'db-3' } as const
  assert.equal(obstacleTo(state, retire), 'commits wait for db-3')
  assert.equal(obstacleTo({ ...state, confirming: ['db-4'] }, retire), null)
  assert.equal(obstacleTo({ ...at('replicated'), confirming: [] }, retire), 'db-3 runs')
  assert.equal(obstacleTo(state, { ...retire, node: 'db-1' }), 'db-1 is the primary')
  assert.equal(
    obstacleTo(state, { ...retire, node: 'web-a-1' }),
    'web-a-1 is not a database server',
  )
})

test('nobody takes the writes who may lack a commit', () => {
  const state = at('replicated')
  const step = { kind: 'switch-over', from: 'db-1', to: 'db-3' } as const
  assert.equal(obstacleTo(state, step), null)
  const behind = { ...state, confirming: ['db-4'] }
  assert.equal(obstacleTo(behind, step), 'db-3 confirms no commits, and may lack some')
  assert.equal(obstacleTo(dead(state, 'db-3'), step), 'db-3 does not run')
  assert.equal(obstacleTo(dead(state, 'db-1'), step), 'db-1 does not run')
  assert.equal(obstacleTo(state, { ...step, from: 'db-4' }), 'db-4 is not the primary')
})

test('a server whose confirmation commits wait for does not stop, and the primary only after what writes', () => {
  const state = at('replicated')
  assert.equal(obstacleTo(state, { kind: 'stop-node', node: 'db-3' }), 'commits wait for db-3')
  assert.match(String(obstacleTo(state, { kind: 'stop-node', node: 'db-1' })), /web-a-1 runs/)
  assert.equal(obstacleTo(dead(state, 'web-a-1'), { kind: 'stop-node', node: 'db-1' }), null)
  assert.equal(obstacleTo(dead(state, 'db-1'), { kind: 'stop-node', node: 'db-3' }), null)
})

test('every step between the rungs of the database is taken back by its undo', () => {
  const goals = dataRungsOf({ services: ['web'], data: true }).map((names) => on(names, ground))
  for (const from of goals) {
    for (const to of goals) {
      let state = reach(emptyState, from)
      for (const step of plan(state, to)) {
        const undo = undoOf(state, step)
        const after = simulate(state, step)
        assert.ok(undo && obstacleTo(after, undo) === null, sentenceOf(step))
        const back = simulate(after, undo)
        assert.deepEqual(comparable(back.topology), comparable(state.topology))
        assert.equal(back.primary, state.primary)
        assert.deepEqual(back.confirming, state.confirming)
        state = after
      }
      assert.ok(isReached(state, to))
    }
  }
})

test('what must not be seen is named when it is', () => {
  const state = at('replicated')
  assert.deepEqual(brokenInvariants(state), [])
  const wrongs: readonly (readonly [Partial<State>, RegExp])[] = [
    [{ primary: null }, /nobody leads, and db-1 is there/],
    [{ primary: 'web-a-1' }, /web-a-1 leads, and is no server of ours/],
    [{ confirming: ['db-1'] }, /db-1 confirms/],
    [{ confirming: ['db-3', 'db-3'] }, /db-3 confirms/],
    [{ confirming: ['db-9'] }, /db-9 confirms/],
  ]
  for (const [change, words] of wrongs) {
    assert.match(brokenInvariants({ ...state, ...change }).join(), words)
  }
  const behind = { ...state, confirming: ['db-4'] }
  assert.match(String(brokenByChange(behind, { ...behind, primary: 'db-3' })), /may lack commits/)
  const gone = { ...state, topology: goal('single').topology }
  assert.match(String(brokenByChange(state, gone)), /db-3 was deleted while it ran/)
  const alone = { ...state, confirming: [] }
  const held = goal('replicated')
  assert.match(String(brokenByClimb(state, alone, held)), /nobody confirms commits any more/)
  assert.match(String(brokenByClimb(state, dead(state, 'db-1'), held)), /db-1 led, and nobody does/)
})
