import type { Confirming } from '../../packages/control/src/shard/member.ts'
import { type Copy, type Entry, emptyCopy, isPrefix, lineOf, mayFollow, termOf } from './wal.ts'
import type { World } from './world.ts'

/** What all servers of a run share. */
export type Cluster = {
  readonly world: World
  readonly servers: FakeServer[]
  /** Hears of each commit that a client was told of. */
  readonly acknowledged: (server: FakeServer, entry: Entry) => void
  /** Hears of each server that begins to take writes. */
  readonly opened: (server: FakeServer) => void
  /** How long a message takes now. */
  readonly latencyMs: () => number
}

type Waiter = { readonly entry: Entry; readonly end: number; readonly done: () => void }

/** The processes of a server, from its start to its end. */
export type Running = {
  /** Standing still: what happens to it happens when it wakes. */
  frozen: boolean
  orphaned: boolean
  /** Of a replica: others may follow it. */
  prepared: boolean
  accepts: boolean
  open: boolean
  /** No more writes: it is stopping. */
  closing: boolean
  /** It has read all of its own WAL. */
  complete: boolean
  readonly inbox: (() => void)[]
  flushed: number
  list: Confirming
  /** Of a primary: what those who follow have said. */
  readonly heard: Map<string, { flushed: number; run: Running }>
  waiters: Waiter[]
  upstream: FakeServer | null
  /** The server's run that it gets WAL from. */
  source: Running | null
  /** Whom it got WAL from last: what is on its way from anybody before was dropped with that connection. */
  lastSource: Running | null
  broken: string | null
  sent: number
  /** When the last message to it arrives: they keep their order. */
  arrivesAtMs: number
  onEnd: (() => void)[]
}

const canServe = ({ accepts, frozen, closing }: Running): boolean => accepts && !frozen && !closing

/** Without a slot nobody gets anything. */
const mayBeFollowed = (run: Running): boolean => canServe(run) && (run.open || run.prepared)

const nobody: Confirming = { kind: 'nobody' }

/** One server: a stand-in for PostgreSQL's processes, files and replication. */
export class FakeServer {
  readonly name: string
  readonly place: { readonly name: string; readonly host: string; readonly port: number }
  readonly cluster: Cluster
  copy: Copy = emptyCopy()
  run: Running | null = null
  /** On the disk, so that it holds at the next start. */
  list: Confirming = nobody
  /** Chaos: no start succeeds, no question is answered. */
  cannotStart = false
  isMute = false
  /** What is lost between control and it: what control says (and all answers with that), or only the answers. */
  cut: 'questions' | 'answers' | null = null
  /** What is on its disk can be no server any more, whatever is done but another copy. */
  isDamaged = false

  constructor(name: string, port: number, cluster: Cluster) {
    this.name = name
    this.place = { name, host: '127.0.0.1', port }
    this.cluster = cluster
  }

  get world(): World {
    return this.cluster.world
  }

  get isOpen(): boolean {
    return this.run?.open === true
  }

  /** Something happens to this run of it, unless it has ended; while it stands still, when it wakes. */
  happen(run: Running, delayMs: number, what: () => void): void {
    this.world.later(delayMs, () => {
      if (this.run !== run) return
      if (run.frozen) run.inbox.push(what)
      else what()
    })
  }

  spawn(open: boolean): Running {
    const run: Running = {
      frozen: false,
      orphaned: false,
      prepared: false,
      accepts: false,
      open: false,
      closing: false,
      complete: open,
      inbox: [],
      flushed: this.copy.entries.length,
      list: this.list,
      heard: new Map(),
      waiters: [],
      upstream: null,
      source: null,
      lastSource: null,
      broken: null,
      sent: 0,
      arrivesAtMs: 0,
      onEnd: [],
    }
    this.run = run
    return run
  }

  openUp(run: Running): void {
    run.open = true
    run.complete = true
    this.copy.standby = false
    this.cluster.opened(this)
  }

  /** Every process of it ends; what was not flushed is lost. */
  die(): void {
    const { run } = this
    if (run === null) return
    this.run = null
    // Its connection ends with it, so that its primary counts it no more.
    run.source?.heard.delete(this.name)
    run.source = null
    this.copy.entries.length = Math.min(this.copy.entries.length, run.flushed)
    for (const server of this.cluster.servers) server.lostSource(run)
    for (const end of run.onEnd) end()
  }

  /** Its postmaster dies; a backend goes on for a moment. */
  orphan(): void {
    const { run } = this
    if (run === null) return
    run.orphaned = true
    run.accepts = false
    for (const server of this.cluster.servers) {
      if (this.world.chance(0.7)) server.lostSource(run)
    }
    this.world.later(this.world.between(5, 800), () => {
      if (this.run === run) this.die()
    })
  }

  freeze(): void {
    if (this.run !== null) this.run.frozen = true
  }

  wake(): void {
    const { run } = this
    if (run === null || !run.frozen) return
    run.frozen = false
    for (const what of run.inbox.splice(0)) {
      if (this.run === run && !run.frozen) what()
      else run.inbox.push(what)
    }
  }

  lostSource(source: Running): void {
    const { run } = this
    if (run === null || run.source !== source) return
    run.source = null
    source.heard.delete(this.name)
    this.reconnect(run)
  }

  /** Sends away one who follows. */
  dismiss(source: Running, other: Running): void {
    for (const server of this.cluster.servers) if (server.run === other) server.lostSource(source)
  }

  // --- following -------------------------------------------------------------------------------

  followServer(upstream: FakeServer): void {
    const { run } = this
    if (run === null || run.open) return
    if (run.source !== null) run.source.heard.delete(this.name)
    run.upstream = upstream
    run.source = null
    run.broken = null
    this.reconnect(run)
  }

  reconnect(run: Running): void {
    const { world } = this
    this.happen(run, world.between(2, 60), () => this.#connect(run))
  }

  #connect(run: Running): void {
    if (run.open || run.source !== null || run.upstream === null) return
    const leader = run.upstream
    const source = leader.run
    // A server that is told to follow reads its own WAL first.
    const may = run.complete && leader !== this && source !== null && mayBeFollowed(source)
    const fits = may ? mayFollow(this.copy, leader.copy, source.flushed) : 'ahead'
    if (fits === 'forked') run.broken = 'forked off'
    else if (fits === 'ahead' || source === null) this.reconnect(run)
    else this.#stream(run, leader, source)
  }

  #stream(run: Running, leader: FakeServer, source: Running): void {
    if (!isPrefix(this.copy.entries, leader.copy.entries)) {
      this.world.fail(`${this.name} follows ${leader.name} and has another history`)
      return
    }
    run.source = source
    run.lastSource = source
    run.sent = this.copy.entries.length
    source.heard.set(this.name, { flushed: this.copy.entries.length, run })
    leader.reconsider(source)
    leader.send(source)
  }

  /** A primary sends what is on its disk to those who follow it. */
  send(source: Running): void {
    for (const server of this.cluster.servers) {
      const { run } = server
      if (run === null || run.source !== source || run.sent >= source.flushed) continue
      const end = source.flushed
      const part = this.copy.entries.slice(run.sent, end)
      const begin = run.sent
      const lines = this.copy.lines
      run.sent = end
      // What was sent arrives also when the sender has died meanwhile.
      const now = this.world.nowMs
      run.arrivesAtMs = Math.max(run.arrivesAtMs, now + this.cluster.latencyMs())
      const receive = () => server.#receive(run, source, begin, part, lines)
      server.happen(run, run.arrivesAtMs - now, receive)
    }
  }

  #receive(
    run: Running,
    source: Running,
    begin: number,
    part: Entry[],
    lines: Copy['lines'],
  ): void {
    const have = this.copy.entries.length
    if (run.open || run.lastSource !== source || begin > have) return
    // A connection that was made again sends some of it twice.
    this.copy.entries.push(...part.slice(have - begin))
    const end = this.copy.entries.length
    this.copy.lines = lines.filter((one) => one.begin <= end).map((one) => ({ ...one }))
    run.flushed = end
    this.send(run)
    const leader = this.cluster.servers.find((server) => server.run === source)
    if (leader === undefined || run.source !== source) return
    leader.happen(source, this.cluster.latencyMs(), () => {
      const heard = source.heard.get(this.name)
      if (heard === undefined || heard.run !== run) return
      heard.flushed = Math.max(heard.flushed, end)
      leader.reconsider(source)
    })
  }

  // --- writing ---------------------------------------------------------------------------------

  /** A commit; `done` hears of it when it is acknowledged. */
  write(run: Running, entry: Entry, done: () => void): void {
    if (!run.open || run.closing) return
    this.copy.entries.push(entry)
    const end = this.copy.entries.length
    this.happen(run, this.world.between(0, 2), () => {
      run.flushed = Math.max(run.flushed, end)
      run.waiters.push({ entry, end, done })
      this.send(run)
      this.reconsider(run)
    })
  }

  reconsider(run: Running): void {
    if (this.run !== run || run.frozen) return
    // They wait in the order of the WAL.
    const late = run.waiters.findIndex(({ end }) => !this.#isConfirmed(run, end))
    const ready = run.waiters.splice(0, late < 0 ? run.waiters.length : late)
    for (const { entry, done } of ready) {
      if (entry.kind === 'write') this.cluster.acknowledged(this, entry)
      done()
    }
  }

  #isConfirmed({ list, heard }: Running, end: number): boolean {
    if (list.kind === 'nobody') return true
    const have = list.names.filter((name) => (heard.get(name)?.flushed ?? -1) >= end)
    return have.length >= list.quorum
  }

  get term(): number {
    return termOf(this.copy.entries, this.copy.entries.length)
  }

  get line(): number {
    return lineOf(this.copy)
  }
}
