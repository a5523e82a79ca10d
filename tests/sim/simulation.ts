import type { Member } from '../../packages/control/src/shard/member.ts'
import type { RecordStore } from '../../packages/control/src/shard/record.ts'
import type { ShardSettings } from '../../packages/control/src/shard/settings.ts'
import { ShardKeeper } from '../../packages/control/src/shard/shard-keeper.ts'
import type { FaultName } from './chaos.ts'
import { Clients } from './clients.ts'
import { throughNetwork } from './cut-member.ts'
import { FakeDisk } from './fake-disk.ts'
import { Control, FakeMember } from './fake-member.ts'
import { type Cluster, FakeServer } from './fake-server.ts'
import { Judge } from './judge.ts'
import { World } from './world.ts'

/** A mistake made on purpose, to see that the simulation finds it. */
export type Mistake = {
  /** The faults among which it shows soonest; all of them where it is left out. */
  readonly faults?: readonly FaultName[]
  /** It loses nothing: the shard does not recover. */
  readonly isStuck?: true
  readonly member?: (member: Member, world: World) => Member
  readonly record?: (store: RecordStore) => RecordStore
  readonly settings?: (settings: ShardSettings) => ShardSettings
}

export type SimulationOptions = {
  readonly seed: number
  readonly replicas: number
  readonly settings: ShardSettings
  readonly mistake?: Mistake
}

/** A whole shard with its control, its clients and a judge, in virtual time. */
export class Simulation {
  readonly world: World
  readonly servers: FakeServer[] = []
  readonly judge: Judge
  readonly clients: Clients
  readonly disk: FakeDisk
  readonly options: SimulationOptions
  settings: ShardSettings
  latencyMs: () => number
  control = new Control()
  keeper: ShardKeeper
  /** Chaos hears of every server that begins to take writes. */
  onOpen: (server: FakeServer) => void = () => {}
  #abort = new AbortController()

  constructor(options: SimulationOptions) {
    this.options = options
    this.settings = options.settings
    const world = new World(options.seed)
    this.world = world
    this.latencyMs = () => world.between(0.2, 4)
    this.judge = new Judge(world, this.servers)
    const cluster: Cluster = {
      world,
      servers: this.servers,
      acknowledged: (server, entry) => this.judge.acknowledge(server, entry),
      opened: (server) => {
        this.judge.open(server)
        this.onOpen(server)
      },
      latencyMs: () => this.latencyMs(),
    }
    for (let index = 0; index <= options.replicas; index++) {
      this.servers.push(new FakeServer(`db-${index + 1}`, 5_001 + index, cluster))
    }
    this.clients = new Clients(world, this.servers)
    this.disk = new FakeDisk(world, (record) => this.judge.finish(record))
    this.keeper = this.#begin()
  }

  server(name: string): FakeServer {
    const found = this.servers.find((server) => server.name === name)
    if (found === undefined) throw new Error(`There is no ${name}.`)
    return found
  }

  get primary(): FakeServer | null {
    return this.servers.find(({ isOpen }) => isOpen) ?? null
  }

  /** The shard as a climb leaves it: one primary, and replicas that are copies of it. */
  async found(): Promise<void> {
    for (const server of this.servers.slice(1)) server.copy.standby = true
    await this.keeper.begin('db-1')
    for (const { name } of this.servers.slice(1)) {
      void this.keeper.join(name, this.#abort.signal).catch(() => {})
    }
    this.clients.start(5)
  }

  killControl(): void {
    this.world.say('control dies')
    this.control.alive = false
  }

  /** Only one control runs at a time: it holds the lock of its state directory. */
  startControl(): void {
    if (this.control.alive) return
    this.world.say('control starts')
    this.keeper = this.#begin()
  }

  #begin(): ShardKeeper {
    const { world, options } = this
    const control = new Control()
    this.control = control
    this.#abort = new AbortController()
    const members = this.servers.map((server): Member => {
      const near = new FakeMember(server, control, (name) => this.server(name))
      const member = throughNetwork(near, server, control)
      return options.mistake?.member?.(member, world) ?? member
    })
    const record = this.disk.open(control)
    const keeper = new ShardKeeper({
      record: options.mistake?.record?.(record) ?? record,
      members: () => members,
      settings: () => options.mistake?.settings?.(this.settings) ?? this.settings,
      clock: {
        now: () => world.nowMs,
        sleep: async (milliseconds) => {
          await world.sleep(milliseconds)
          if (!control.alive) await new Promise<never>(() => {})
        },
      },
      say: (sentence) => {
        if (control.alive) world.say(`  ${sentence}`)
      },
      hold: async (milliseconds) => {
        await world.sleep(milliseconds > 0 ? world.between(1, 60) : 1)
        if (!control.alive) await new Promise<never>(() => {})
      },
    })
    void keeper.run(this.#abort.signal)
    return keeper
  }

  /** Nothing of it goes on. */
  end(): void {
    this.control.alive = false
    this.clients.ended = true
  }

  /** A process that ends is seen by control a moment later, most times. */
  kill(server: FakeServer): void {
    if (server.run === null) return
    this.world.say(`${server.name} is killed`)
    if (this.world.chance(0.3)) server.orphan()
    else server.die()
    if (this.world.chance(0.8))
      this.world.later(this.world.between(0, 10), () => this.keeper.wake())
  }
}
