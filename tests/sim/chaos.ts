import type { FakeServer } from './fake-server.ts'
import type { Simulation } from './simulation.ts'

/** Lets faults happen until this moment. */
export async function rage(
  sim: Simulation,
  endMs: number,
  names?: readonly FaultName[],
): Promise<void> {
  const { world } = sim
  const meanMs = world.between(150, 3_000)
  while (world.nowMs < endMs) {
    await world.sleep(world.between(0, 2 * meanMs))
    if (world.nowMs < endMs) strike(sim, names)
  }
}

type Fault = { readonly weight: number; readonly happen: (sim: Simulation) => void }

const faults = {
  'kill the primary': { weight: 8, happen: (sim) => killOne(sim, sim.primary) },
  'kill somebody': { weight: 8, happen: (sim) => killOne(sim, sim.world.pick(sim.servers)) },
  'freeze the primary': { weight: 3, happen: (sim) => freeze(sim, sim.primary) },
  'freeze somebody': { weight: 3, happen: (sim) => freeze(sim, sim.world.pick(sim.servers)) },
  'answer nothing': { weight: 2, happen: (sim) => mute(sim, sim.world.pick(sim.servers)) },
  'cut a connection': { weight: 2, happen: (sim) => cut(sim, sim.world.pick(sim.servers)) },
  'fill a disk': { weight: 2, happen: (sim) => fillDisk(sim, sim.world.pick(sim.servers)) },
  'damage a copy': { weight: 2, happen: (sim) => damage(sim, sim.world.pick(sim.servers)) },
  'kill control': { weight: 6, happen: restartControl },
  'slow messages': { weight: 2, happen: slowDown },
  switchover: { weight: 3, happen: switchOver },
  'kill all': { weight: 1, happen: killAll },
  'kill two': { weight: 2, happen: killPrimaryAndOther },
  'kill who opens': { weight: 3, happen: killWhoOpens },
  'leave and join': { weight: 1, happen: leaveAndJoin },
  'change settings': { weight: 1, happen: changeSettings },
} satisfies Record<string, Fault>

export type FaultName = keyof typeof faults

export function strike(sim: Simulation, names: readonly FaultName[] = keysOf(faults)): void {
  const total = names.reduce((sum, name) => sum + faults[name].weight, 0)
  let at = sim.world.random() * total
  for (const name of names) {
    at -= faults[name].weight
    if (at >= 0) continue
    faults[name].happen(sim)
    return
  }
}

const keysOf = <K extends string>(record: Readonly<Record<K, unknown>>): K[] =>
  Object.keys(record) as K[]

function killOne(sim: Simulation, server: FakeServer | null): void {
  if (server !== null) sim.kill(server)
}

function killAll(sim: Simulation): void {
  for (const server of sim.servers) sim.kill(server)
}

function killPrimaryAndOther(sim: Simulation): void {
  killOne(sim, sim.primary)
  const { world } = sim
  world.later(world.between(0, 200), () => killOne(sim, world.pick(sim.servers)))
}

/** For a while, whoever begins to take writes dies soon after. */
function killWhoOpens(sim: Simulation): void {
  const { world } = sim
  sim.onOpen = (server) => world.later(world.between(0, 300), () => sim.kill(server))
  killOne(sim, sim.primary)
  world.later(world.between(500, 3_000), () => {
    sim.onOpen = () => {}
  })
}

function freeze({ world }: Simulation, server: FakeServer | null): void {
  if (server === null || server.run === null) return
  world.say(`${server.name} is frozen`)
  server.freeze()
  const { run } = server
  world.later(world.chance(0.3) ? world.between(10, 600) : world.between(600, 10_000), () => {
    if (server.run !== run) return
    world.say(`${server.name} wakes`)
    server.wake()
  })
}

function mute({ world }: Simulation, server: FakeServer): void {
  world.say(`${server.name} answers no question`)
  server.isMute = true
  world.later(world.between(500, 12_000), () => {
    server.isMute = false
  })
}

function cut({ world }: Simulation, server: FakeServer): void {
  server.cut = world.chance(0.5) ? 'questions' : 'answers'
  world.say(`control and ${server.name} are cut off: no ${server.cut} arrive`)
  world.later(world.between(200, 12_000), () => {
    server.cut = null
  })
}

function fillDisk({ world }: Simulation, server: FakeServer): void {
  world.say(`the disk of ${server.name} is full`)
  server.cannotStart = true
  if (world.chance(0.5)) server.die()
  world.later(world.between(500, 8_000), () => {
    server.cannotStart = false
  })
}

/**
 * A replica dies and can never be started again with what it has. One at a time, and while there is a primary that
 * has everything: two disks that fail at once may be more than a quorum of one has promised to survive.
 */
function damage(sim: Simulation, server: FakeServer): void {
  const { world, servers, primary } = sim
  const { record } = sim.keeper
  const isSafe = primary?.run?.frozen === false && primary.name === record.primary
  if (!isSafe || record.promotion !== null || primary === server || server.run === null) return
  if (servers.some(({ isDamaged }) => isDamaged)) return
  world.say(`the copy of ${server.name} is damaged`)
  server.isDamaged = true
  server.die()
}

/** Control dies between any two things that it does, and another one begins where it was. */
function restartControl(sim: Simulation): void {
  if (!sim.control.alive) return
  sim.killControl()
  sim.world.later(sim.world.between(1, 1_500), () => sim.startControl())
}

function slowDown(sim: Simulation): void {
  const { world } = sim
  const usual = sim.latencyMs
  const worstMs = world.between(20, 400)
  world.say(`messages take up to ${Math.round(worstMs)} ms`)
  sim.latencyMs = () => world.between(0.2, worstMs)
  world.later(world.between(300, 4_000), () => {
    sim.latencyMs = usual
  })
}

function switchOver(sim: Simulation): void {
  if (!sim.control.alive) return
  const { world, keeper } = sim
  const to = world.chance(0.5) ? null : world.pick(sim.servers).name
  world.say(`switchover to ${to ?? 'the best'} is asked for`)
  keeper.switchOver(to, new AbortController().signal).then(
    (name) => world.say(`switchover: ${name} is the primary`),
    (error: Error) => world.say(`switchover: ${error.message}`),
  )
}

function leaveAndJoin(sim: Simulation): void {
  const { world, keeper } = sim
  const { wanted, primary } = keeper.record
  if (!sim.control.alive || wanted.length < 2) return
  const name = world.pick(wanted.filter((other) => other !== primary))
  const abort = new AbortController()
  world.say(`${name} leaves and joins`)
  keeper.leave(name, abort.signal).catch(() => {})
  const rejoin = () => {
    // A climb that was interrupted is taken up again by the next control.
    const isOver = sim.control.alive && sim.keeper.record.wanted.includes(name)
    if (isOver) return
    if (sim.control.alive) sim.keeper.join(name, new AbortController().signal).catch(() => {})
    world.later(500, rejoin)
  }
  world.later(world.between(1, 3_000), () => {
    abort.abort()
    rejoin()
  })
}

function changeSettings(sim: Simulation): void {
  const { world } = sim
  const quorum = world.chance(0.5) ? 1 : Math.min(2, sim.servers.length - 1)
  const durability = world.chance(0.7) ? 'required' : 'preferred'
  world.say(`the quorum is ${quorum}, ${durability}`)
  sim.settings = { ...sim.settings, quorum, durability }
}

/** Everything that was taken away is given back. */
export function calm(sim: Simulation): void {
  for (const server of sim.servers) {
    server.cannotStart = false
    server.isMute = false
    server.cut = null
    server.wake()
  }
  sim.onOpen = () => {}
  sim.latencyMs = () => sim.world.between(0.2, 4)
  sim.startControl()
}
