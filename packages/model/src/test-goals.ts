/** The goals that one system can have, for tests of plans. */
import type { Ground } from './ground.ts'
import { topologyOf } from './rungs.ts'
import { emptyTopology, type Goal } from './state.ts'
import { groundOf, rungsOf, type Shape } from './test-systems.ts'

export const on = (names: readonly string[], ground: Ground, release = 'r1'): Goal => ({
  topology: topologyOf(names, ground),
  release,
  power: 'on',
})

/** Every host has another address. */
export const movedGround = (ground: Ground): Ground => ({
  ...ground,
  hosts: ground.hosts.map((host) => ({ ...host, address: host.address.replace('127.1', '127.9') })),
})

/** Every node has another size and, when asked for, another port. */
export const resizedGround = (ground: Ground, portsMore = 0): Ground => ({
  ...ground,
  machine: { cpus: 8, memoryMb: 4096 },
  ports: Object.fromEntries(
    Object.entries(ground.ports).map(([name, port]) => [name, port + portsMore]),
  ),
})

/** The machine is turned off: everything stays, everything goes, or the data goes as well. */
export const offGoals = (topology: Goal['topology'], release = 'r1'): readonly Goal[] => [
  { topology, release, power: 'off' },
  { topology: emptyTopology, release, power: 'off' },
  { topology: emptyTopology, release, power: 'off', destroyData: true },
]

/** On every rung that a shape can stand on: two releases, other addresses, other places; and off. */
export const goalsOf = (shape: Shape): readonly Goal[] => {
  const ground = groundOf(shape)
  const moved = movedGround({ ...groundOf(shape, 'postgres://ann@db2.example:6432/notes') })
  const goals = rungsOf(shape).flatMap((names) => [
    on(names, ground),
    on(names, ground, 'r2'),
    on(names, moved),
    on(names, resizedGround(ground, 100), 'r2'),
  ])
  return [...goals, ...offGoals(topologyOf(rungsOf(shape).at(-1) ?? [], ground))]
}
