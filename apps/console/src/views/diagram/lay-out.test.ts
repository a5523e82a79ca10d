import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pointAt } from './curves.ts'
import { allEdges, expectedEdges } from './expected-edges.ts'
import { layOut } from './lay-out.ts'
import type { LayoutNode, Rect, TierName } from './layout-types.ts'
import { pathsOfNode } from './route-paths.ts'

const many = (tier: TierName, count: number): LayoutNode[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `${tier}-${index + 1}`,
    tier,
    role: tier === 'data' ? (index === 0 ? 'primary' : 'replica') : tier,
  }))

const systems: readonly (readonly LayoutNode[])[] = [
  [...many('web', 1), ...many('data', 1)],
  [...many('entry', 1), ...many('web', 2), ...many('data', 3), ...many('telemetry', 2)],
  [
    ...many('entry', 2),
    ...many('web', 12),
    ...many('worker', 4),
    ...many('cache', 3),
    ...many('data', 9),
  ],
  [...many('entry', 6), ...many('web', 150), ...many('cache', 10), ...many('data', 34)],
]

const overlap = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.w - 0.01 &&
  b.x < a.x + a.w - 0.01 &&
  a.y < b.y + b.h - 0.01 &&
  b.y < a.y + a.h - 0.01

for (const nodes of systems)
  for (const width of [366, 720, 1_024, 1_600]) {
    const edges = expectedEdges(nodes)
    const layout = layOut({ nodes, edges, width })

    test(`${nodes.length} nodes at ${width} pixels have a place each, inside, and none over another`, () => {
      assert.equal(layout.boxes.size, nodes.length + 1)
      const boxes = [...layout.boxes.values()]
      for (const [index, box] of boxes.entries()) {
        assert.ok(box.x >= 0 && box.x + box.w <= layout.width + 0.01, `${box.name} is inside`)
        assert.ok(box.y >= 0 && box.y + box.h <= layout.height + 0.01, `${box.name} is inside`)
        for (const other of boxes.slice(index + 1))
          assert.ok(!overlap(box, other), `${box.name} lies over ${other.name}`)
      }
      for (const [index, group] of layout.groups.entries())
        for (const other of layout.groups.slice(index + 1)) assert.ok(!overlap(group, other))
    })

    test(`${nodes.length} nodes at ${width} pixels have every edge on exactly one line`, () => {
      const drawn = layout.paths.flatMap(({ edges }) => edges)
      assert.deepEqual(drawn.toSorted(), edges.map((e) => `${e.from}>${e.to}>${e.kind}`).toSorted())
      assert.ok(layout.paths.length <= 60, `${layout.paths.length} lines`)
      for (const { curve } of layout.paths) assert.ok(curve.every(Number.isFinite))
    })
  }

test('a narrow page has the tiers below one another, and is no wider than it is', () => {
  const nodes = systems[3] ?? []
  const layout = layOut({ nodes, edges: expectedEdges(nodes), width: 366 })
  assert.equal(layout.direction, 'down')
  assert.equal(layout.width, 366)
  const tops = layout.groups.map(({ y }) => y)
  assert.deepEqual(
    tops,
    tops.toSorted((a, b) => a - b),
  )
})

test('the primary stands first, and numbers are in order', () => {
  const nodes: LayoutNode[] = [
    { name: 'db-1', tier: 'data', role: 'replica' },
    { name: 'db-10', tier: 'data', role: 'replica' },
    { name: 'db-2', tier: 'data', role: 'primary' },
  ]
  const { boxes } = layOut({ nodes, edges: [], width: 1_024 })
  const inOrder = [...boxes.values()].filter(({ tier }) => tier === 'data').map(({ name }) => name)
  assert.deepEqual(inOrder, ['db-2', 'db-1', 'db-10'])
})

test('a line begins at the node it comes from and ends at the one it goes to', () => {
  const nodes = systems[1] ?? []
  const layout = layOut({ nodes, edges: expectedEdges(nodes), width: 1_024 })
  const line = layout.paths.find(({ key }) => key === 'entry-1>web-2>requests')
  const [from, to] = [layout.boxes.get('entry-1'), layout.boxes.get('web-2')]
  assert.ok(line && from && to)
  const [start, end] = [pointAt(line.curve, 0), pointAt(line.curve, 1)]
  assert.ok(start.x === from.x + from.w && start.y > from.y && start.y < from.y + from.h)
  assert.ok(end.x === to.x && end.y > to.y && end.y < to.y + to.h)
})

test('of a node among many its own lines can be drawn', () => {
  const nodes = systems[3] ?? []
  const edges = expectedEdges(nodes)
  const layout = layOut({ nodes, edges, width: 1_024 })
  const own = pathsOfNode(layout, edges, 'web-77')
  assert.equal(own.length, 7)
})

test('an edge to a node that is gone is not drawn', () => {
  const nodes = systems[0] ?? []
  const edges = allEdges(nodes, [{ from: 'web-9', to: 'data-1', kind: 'queries' }])
  assert.deepEqual(
    edges.map(({ from }) => from),
    ['client', 'web-1'],
  )
})

test('after a failover nothing is drawn as if it were copied from the old primary', () => {
  const nodes: LayoutNode[] = [
    { name: 'db-1', tier: 'data', role: 'replica' },
    { name: 'db-2', tier: 'data', role: 'primary' },
  ]
  const edges = allEdges(nodes, [{ from: 'db-1', to: 'db-2', kind: 'replication' }])
  assert.deepEqual(edges, [{ from: 'db-2', to: 'db-1', kind: 'replication' }])
})
