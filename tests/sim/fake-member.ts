import type {
  Confirming,
  Life,
  Member,
  MemberAnswer,
  MemberPlace,
  Role,
} from '../../packages/control/src/shard/member.ts'
import type { FakeServer, Running } from './fake-server.ts'
import { type Entry, emptyCopy } from './wal.ts'

/** One life of control. What it began goes no further once it is dead, and it never hears of it. */
export class Control {
  alive = true
}

const never = new Promise<never>(() => {})

/** A server, as one control sees it: the port that the failover logic is written against. */
export class FakeMember implements Member {
  readonly place: MemberPlace
  readonly #server: FakeServer
  readonly #control: Control
  readonly #find: (name: string) => FakeServer

  constructor(server: FakeServer, control: Control, find: (name: string) => FakeServer) {
    this.place = server.place
    this.#server = server
    this.#control = control
    this.#find = find
  }

  async look(): Promise<Life> {
    await this.#pass(0, 2)
    const { run } = this.#server
    if (run === null) return 'dead'
    if (run.frozen) return 'frozen'
    return run.orphaned ? 'orphaned' : 'running'
  }

  async ask(timeoutMs: number): Promise<MemberAnswer | null> {
    const { world } = this.#server
    const run = this.#server.run
    await this.#pass(0.2, 3)
    const lost = this.#server.isMute || world.chance(0.002)
    if (run === null || run !== this.#server.run || !run.accepts) return null
    if (lost || run.frozen) {
      await this.#pass(timeoutMs, timeoutMs)
      return null
    }
    const answer = this.#answer(run)
    const lateMs = world.chance(0.01) ? world.between(0, timeoutMs * 1.2) : world.between(0.2, 3)
    await this.#pass(lateMs, lateMs)
    return lateMs > timeoutMs ? null : answer
  }

  async fence(): Promise<void> {
    await this.#pass(1, 20)
    this.#server.die()
    await this.#pass(1, 10)
  }

  async start(role: Role): Promise<void> {
    const { world, copy } = this.#server
    await this.#pass(1, 10)
    if (this.#server.run !== null) throw new Error(`${this.place.name} runs already.`)
    if (!copy.whole) throw new Error(`${this.place.name} has no whole copy.`)
    if (role.kind === 'primary') {
      if (copy.standby) world.fail(`${this.place.name} is started as primary and was a replica`)
      this.#server.list = role.confirming
    } else copy.standby = true
    const run = this.#server.spawn(false)
    if (role.kind === 'replica') run.upstream = this.#find(role.of.name)
    const delayMs = world.between(30, 300)
    // The server comes up by itself, whether control still lives or not.
    this.#server.happen(run, delayMs, () => {
      if (this.#server.cannotStart || this.#server.isDamaged) this.#server.die()
      else this.#accept(run, role)
    })
    await this.#within(run, delayMs)
  }

  #accept(run: Running, role: Role): void {
    const server = this.#server
    run.accepts = true
    if (role.kind === 'primary') {
      server.openUp(run)
      return
    }
    server.happen(run, server.world.chance(0.3) ? server.world.between(50, 900) : 5, () => {
      run.complete = true
      server.reconnect(run)
    })
  }

  async promote(confirming: Confirming): Promise<void> {
    const server = this.#server
    const { world } = server
    await this.#pass(1, 10)
    const { run } = server
    if (run === null || !run.accepts) throw new Error(`${this.place.name} does not run.`)
    if (run.open) return
    server.list = confirming
    run.list = confirming
    run.prepared = true
    // The signal is on its way, and nothing takes it back.
    const delayMs = world.between(20, 150) + (run.complete ? 0 : 900)
    server.happen(run, delayMs, () => this.#leaveRecovery(run))
    await this.#within(run, delayMs)
    await this.#pass(1, 10)
  }

  #leaveRecovery(run: Running): void {
    const server = this.#server
    if (run.open) return
    run.source?.heard.delete(server.name)
    run.source = null
    run.upstream = null
    const { copy } = server
    copy.lines.push({ line: server.line + 1, begin: copy.entries.length })
    copy.entries.push({ kind: 'switch', id: 0, term: 0 })
    run.flushed = copy.entries.length
    server.openUp(run)
  }

  async follow(primary: MemberPlace): Promise<void> {
    await this.#pass(1, 30)
    if (this.#server.run === null) throw new Error(`${this.place.name} does not run.`)
    this.#server.followServer(this.#find(primary.name))
  }

  async confirm(confirming: Confirming): Promise<void> {
    const server = this.#server
    await this.#pass(1, 5)
    const { run } = server
    if (run === null || !run.open) throw new Error(`${this.place.name} is no primary.`)
    server.list = confirming
    const delayMs = server.world.between(1, 20)
    server.happen(run, delayMs, () => {
      run.list = server.list
      server.reconsider(run)
    })
    await this.#within(run, delayMs)
    await this.#within(run, 1)
  }

  async writeTerm(term: number): Promise<void> {
    const { world } = this.#server
    await this.#pass(1, 5)
    const { run } = this.#server
    if (run === null || !run.open) throw new Error(`${this.place.name} is no primary.`)
    const entry: Entry = { kind: 'term', id: 0, term: Math.max(term, this.#server.term) }
    await this.#live(
      new Promise<void>((resolve, reject) => {
        const give = (why: string) => () => reject(new Error(why))
        run.onEnd.push(give(`${this.place.name} has ended.`))
        world.later(2_000, give('Nobody confirmed the term in time.'))
        this.#server.write(run, entry, resolve)
      }),
    )
  }

  async checkpoint(): Promise<void> {
    await this.#pass(1, 10)
    const { run } = this.#server
    if (run === null || !run.accepts) throw new Error(`${this.place.name} does not run.`)
    await this.#within(run, this.#server.world.between(1, 100))
  }

  async prepare(): Promise<void> {
    await this.#pass(1, 10)
    const { run } = this.#server
    if (run === null || !run.accepts) throw new Error(`${this.place.name} does not run.`)
    run.prepared = !run.open
  }

  async unprepare(): Promise<void> {
    await this.#pass(1, 10)
    const { run } = this.#server
    if (run === null || run.open || !run.accepts) return
    run.prepared = false
    for (const { run: other } of [...run.heard.values()]) this.#server.dismiss(run, other)
  }

  async stopFor(heir: string): Promise<bigint | null> {
    const server = this.#server
    await this.#pass(1, 10)
    const { run } = server
    if (run === null || !run.open) throw new Error(`${this.place.name} is no primary.`)
    run.closing = true
    run.flushed = server.copy.entries.length
    server.copy.entries.push({ kind: 'shutdown', id: 0, term: 0 })
    const at = BigInt(server.copy.entries.length - 1)
    run.flushed = server.copy.entries.length
    server.send(run)
    const clean = await this.#live(this.#stopped(run, heir))
    return clean ? at : null
  }

  /** It ends when its heir has everything, and after a second in any case. */
  async #stopped(run: Running, heir: string): Promise<boolean> {
    const { world } = this.#server
    const until = world.nowMs + 1_000
    const has = () => (run.heard.get(heir)?.flushed ?? 0) >= run.flushed && !run.frozen
    while (this.#server.run === run && !has() && world.nowMs < until) await world.sleep(7)
    const clean = this.#server.run === run && has()
    if (this.#server.run === run) this.#server.die()
    return clean
  }

  async rebuild(primary: MemberPlace, signal: AbortSignal): Promise<void> {
    const server = this.#server
    const { world } = server
    if (server.run !== null) world.fail(`${server.name} is made anew while it runs`)
    await this.#pass(1, 10)
    server.copy = { ...emptyCopy(), whole: false, standby: true }
    if (server.cannotStart) throw new Error(`There is no room for a copy on ${server.name}.`)
    const leader = this.#find(primary.name)
    const source = leader.run
    if (source === null || !source.open) throw new Error(`${primary.name} gives no copy.`)
    const end = world.nowMs + world.between(50, 1_200)
    while (world.nowMs < end) {
      await this.#pass(10, 40)
      signal.throwIfAborted()
      if (leader.run !== source) throw new Error(`${primary.name} ended in the middle of a copy.`)
    }
    server.copy = {
      whole: true,
      standby: true,
      entries: leader.copy.entries.slice(0, source.flushed),
      lines: leader.copy.lines.map((line) => ({ ...line })),
    }
    server.isDamaged = false
    await this.#pass(1, 5)
  }

  #answer(run: Running): MemberAnswer {
    const server = this.#server
    const lsn = BigInt(run.flushed)
    // Until it has read its own WAL it knows of a part only.
    const known = run.complete ? lsn : lsn / 2n
    const { source } = run
    const leader = server.cluster.servers.find((one) => one.run === source && source !== null)
    return {
      systemIdentifier: '1',
      inRecovery: !run.open,
      term: server.term,
      timeline: run.open ? server.line : null,
      walLsn: known,
      replayLsn: known,
      complete: run.complete,
      broken: run.broken,
      follows: leader === undefined ? null : leader.place,
      followers: run.open ? this.#followers(run) : [],
      prepared: !run.open && run.prepared,
    }
  }

  #followers(run: Running) {
    return [...run.heard].map(([name, { flushed, run: other }]) => ({
      name,
      pid: 1,
      streaming: other.source === run,
      flushLsn: BigInt(flushed),
    }))
  }

  /** Some time goes by; a control that has died meanwhile does nothing more. */
  async #pass(low: number, high: number): Promise<void> {
    if (!this.#control.alive) await never
    await this.#live(this.#server.world.sleep(this.#server.world.between(low, high)))
  }

  async #live<T>(promise: Promise<T>): Promise<T> {
    const value = await promise.catch(async (error: unknown) => {
      if (!this.#control.alive) await never
      throw error
    })
    return this.#control.alive ? value : await never
  }

  /** Time in which this run of the server has to live and not to stand still; rejects when it ends. */
  async #within(run: Running, delayMs: number): Promise<void> {
    const server = this.#server
    await this.#live(
      new Promise<void>((resolve, reject) => {
        run.onEnd.push(() => reject(new Error(`${server.name} has ended.`)))
        server.happen(run, delayMs, resolve)
      }),
    )
    if (server.run !== run) throw new Error(`${server.name} has ended.`)
  }
}
