import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControlEvent, NodeStatus, Status } from '@banyan/control/api'
import { effect } from '@preact/signals'
import { after } from './connection.ts'
import { faultsAfter } from './faults-on.ts'
import { LiveStore } from './live-store.ts'
import { addPending, eventsMax, nothingPending } from './pending.ts'

const node = (name: string, more: Partial<NodeStatus> = {}): NodeStatus => ({
  name,
  tier: 'web',
  engine: 'process',
  host: 'host-1',
  region: 'local',
  role: 'web',
  address: null,
  pid: 1,
  health: 'healthy',
  uptimeMs: 0,
  sentence: '',
  ...more,
})

const status = (nodes: readonly NodeStatus[]): Status => ({
  rungs: ['single'],
  version: 1,
  release: 'r1',
  url: null,
  consoleUrl: null,
  climb: null,
  nodes,
  sentence: '',
})

const hello = (nodes: readonly NodeStatus[], events: readonly ControlEvent[] = []) =>
  ({
    type: 'hello',
    state: { system: 'notes', status: status(nodes), events, flow: null },
  }) as const

const event = (more: object): ControlEvent =>
  ({ at: '2026-01-01T00:00:00Z', sentence: '', ...more }) as ControlEvent

function begun(count: number) {
  const waiting: (() => void)[] = []
  const store = new LiveStore((flush) => void waiting.push(flush))
  const frame = () => {
    for (const flush of waiting.splice(0)) flush()
  }
  store.take(hello(Array.from({ length: count }, (_, index) => node(`web-${index}`))))
  frame()
  return { store, frame, waiting }
}

test('500 updates of one node before a frame are shown once, as the last of them', () => {
  const { store, frame, waiting } = begun(200)
  const shown: (number | null | undefined)[] = []
  effect(() => void shown.push(store.node('web-7').value?.pid))
  for (let pid = 2; pid <= 501; pid++)
    store.take({ type: 'nodes', nodes: [node('web-7', { pid })], gone: [] })
  assert.equal(waiting.length, 1)
  frame()
  assert.deepEqual(shown, [1, 501])
})

test('a node that changes its health leaves the others and the layout alone', () => {
  const { store, frame } = begun(200)
  let [layouts, others] = [0, 0]
  effect(() => void (store.placed.value && layouts++))
  effect(() => void (store.node('web-8').value && others++))
  store.take({ type: 'nodes', nodes: [node('web-7', { health: 'failed' })], gone: [] })
  frame()
  assert.deepEqual([layouts, others], [1, 1])
  assert.equal(store.node('web-7').value?.health, 'failed')
})

test('nodes that come, go, or change their role are placed anew', () => {
  const { store, frame } = begun(2)
  store.take({
    type: 'nodes',
    nodes: [node('db-1', { tier: 'data', role: 'replica' })],
    gone: ['web-0'],
  })
  frame()
  assert.deepEqual(
    store.placed.value.map(({ name }) => name),
    ['web-1', 'db-1'],
  )
  assert.equal(store.node('web-0').value, null)
  store.take({ type: 'nodes', nodes: [node('db-1', { tier: 'data', role: 'primary' })], gone: [] })
  frame()
  assert.equal(store.placed.value[1]?.role, 'primary')
})

test('what is told anew replaces everything that was known', () => {
  const { store, frame } = begun(3)
  store.take({ type: 'event', event: event({ type: 'progress' }) })
  store.take(hello([node('web-9')]))
  frame()
  assert.deepEqual(
    store.nodes.map(({ name }) => name),
    ['web-9'],
  )
  assert.equal(store.node('web-0').value, null)
  assert.deepEqual(store.events.value, [])
})

test('the load of the last second is not shown when it is known no more', () => {
  const { store, frame } = begun(1)
  const load = { cpu: 0.5, memoryBytes: 1, requestsPerS: 10, errorsPerS: 0, p99Ms: 3 }
  store.take({ type: 'flow', flow: { at: 1, nodes: { 'web-0': load }, edges: [] } })
  frame()
  assert.equal(store.load('web-0').value?.requestsPerS, 10)
  store.forgetFlow()
  assert.equal(store.load('web-0').value, null)
  store.take({ type: 'flow', flow: { at: 2, nodes: {}, edges: [] } })
  frame()
  assert.equal(store.load('web-0').value, null)
})

test('a tab that draws nothing holds a bounded number of events', () => {
  let pending = nothingPending()
  for (let index = 0; index < eventsMax + 50; index++)
    pending = addPending(pending, { type: 'event', event: event({ type: 'progress' }) })
  assert.equal(pending.events.length, eventsMax)
})

test('a page that hears nothing says since when, through breaks and tries, until it hears again', () => {
  const lost = after({ state: 'live' }, 'tick', 9_000, 4_000)
  assert.deepEqual(lost, { state: 'lost', since: 4_000 })
  assert.equal(after(lost, 'broken', 10_000, 4_000), lost)
  const opened = after(lost, 'open', 11_000, 4_000)
  assert.deepEqual(opened, { state: 'catching up', since: 4_000 })
  assert.deepEqual(after(opened, 'broken', 12_000, 4_000), { state: 'lost', since: 4_000 })
  assert.deepEqual(after(opened, 'message', 12_000, 12_000), { state: 'live' })
})

test('a second of silence is no loss, and a refused cookie is said as such', () => {
  const live = { state: 'live' } as const
  assert.equal(after(live, 'tick', 2_000, 1_000), live)
  assert.deepEqual(after({ state: 'lost', since: 5 }, 'refused', 9, 5), {
    state: 'signed out',
    since: 5,
  })
})

test('a paused node is paused until it goes on, and a partition lasts through a start', () => {
  const on = [
    event({ type: 'fault', node: 'web-1', fault: 'paused' }),
    event({ type: 'fault', node: 'web-1', fault: 'partitioned' }),
    event({ type: 'node', node: 'web-1', health: 'failed' }),
  ].reduce(faultsAfter, new Map())
  assert.deepEqual(on.get('web-1'), ['paused', 'partitioned'])
  const started = faultsAfter(on, event({ type: 'node', node: 'web-1', health: 'starting' }))
  assert.deepEqual(started.get('web-1'), ['partitioned'])
  const healed = faultsAfter(started, event({ type: 'fault', node: 'web-1', fault: 'healed' }))
  assert.equal(healed.size, 0)
})
