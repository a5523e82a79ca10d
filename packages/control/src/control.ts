import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError, membersOf, nearestName, type Topology } from '@banyan/model'
import { reportOf } from './api/report.ts'
import type { Controlled } from './api/server.ts'
import type {
  Attendance,
  ChangeRequest,
  ClimbReport,
  ClimbRequest,
  LossReport,
  ReleaseList,
  Status,
  SwitchoverReport,
  SwitchoverRequest,
} from './api/types.ts'
import { isAbandoned } from './attached/attendant.ts'
import { climb, type Progress } from './climb/climb.ts'
import { Climbs } from './climb/climbs.ts'
import type { Context } from './climb/context.ts'
import { driverAsFound } from './climb/drivers.ts'
import { Members } from './climb/members.ts'
import { contractsMissingIn } from './climb/migrate.ts'
import { urlOf } from './climb/place.ts'
import { noConsole } from './console/no-console.ts'
import { isOfService } from './dev/apply-change.ts'
import { Changes } from './dev/changes.ts'
import { mendInDev } from './dev/mend.ts'
import { notSwitched } from './engines/adopted/local.ts'
import { targetOf } from './engines/adopted/target.ts'
import { tellAgain } from './entry/gateways.ts'
import { Faults } from './faults/faults.ts'
import type { Journal } from './journal/journal.ts'
import { findNodeName } from './node-names.ts'
import { inPlace, releasesThatRun } from './releases/releases.ts'
import { statusOf } from './status.ts'
import type { Keeper } from './supervise/keeper.ts'

/** How a control ended. */
export type Ending = 'stopped' | 'failed'

const warnTimeoutMs = 2_000
const sightTimeoutMs = 5_000

/** Runs one system: leads it up, keeps it, and leads it down. */
export class Control implements Controlled {
  readonly #context: Context
  readonly #climbs: Climbs
  readonly #members: Members
  readonly #changes: Changes
  readonly #faults: Faults
  readonly #climbing = new AbortController()
  #progress: Progress | null = null
  #raising: Promise<void> | null = null
  #stopping: Promise<void> | null = null
  #reason = ''
  #ready = false
  /** Whether it is known what an earlier control left running. */
  #hasLooked = false
  readonly #looked = Promise.withResolvers<void>()
  #failed = false
  #end: (ending: Ending) => void = () => {}
  readonly ended = new Promise<Ending>((resolve) => {
    this.#end = resolve
  })

  constructor(context: Context, journal: Journal) {
    this.#context = context
    this.#members = new Members(context)
    context.members = this.#members
    this.#climbs = new Climbs({
      context,
      journal,
      ending: this.#climbing.signal,
      onProgress: (progress) => this.#note(progress),
    })
    this.#changes = new Changes({
      context,
      ending: this.#climbing.signal,
      onDone: () => this.#welcome(performance.now()),
    })
    this.#faults = new Faults({ context, keeperOf: (name) => this.#keeperOf(name) })
    context.keepers.onChange((keeper) => this.#say(keeper))
  }

  get events() {
    return this.#context.events
  }

  /** Leads the system up. A failure takes back what was started, and nothing else. */
  raise(began: number): void {
    this.#context.telemetry?.begin()
    this.#raising = this.#climbUp(began).catch(async (error) => {
      if (this.#climbing.signal.aborted || this.#awaitsMending(error)) return
      this.events.add({ type: 'failed', sentence: reportOf(error).message, error: reportOf(error) })
      this.#failed = true
      await this.#giveUpRelease(reportOf(error).message)
      await this.#takeBack()
      this.#end('failed')
    })
  }

  /** Stops everything in order. Whoever asks again waits for the same end. */
  async down(): Promise<void> {
    this.#stopping ??= this.#climbDown()
    await this.#stopping.catch((error) => {
      // What could not be stopped may be stopped at the next try.
      this.#stopping = null
      throw error
    })
  }

  /** Stops everything for a reason that nobody asked for. */
  async leave(reason: string): Promise<void> {
    this.#reason = `${reason} `
    await this.down()
  }

  /** Takes over what somebody has edited; only in `dev`, where control runs the code in place. */
  async change(request: ChangeRequest): Promise<void> {
    if (this.#context.settings.mode !== 'dev') throw notInDev()
    await this.#changes.take(request, this.#raising)
  }

  /** Returns when the system is up, or says that it is on its way down. */
  async attend(): Promise<Attendance> {
    await this.#raising
    await this.#changes.settled()
    const { mode = 'up', narrow = false } = this.#context.settings
    return { mode, narrow, stopping: this.#stopping !== null || this.#failed }
  }

  /** Stops everything where nobody is left for whom it runs; returns when that is done. */
  async release(): Promise<{ readonly stopped: boolean }> {
    const stopped = isAbandoned(this.#context)
    if (stopped) await this.down()
    return { stopped }
  }

  status(): Status {
    return statusOf(this.#context, this.#going(), this.events.last?.sentence ?? '', this.#hasLooked)
  }

  #going(): (Progress & { readonly id: string }) | null {
    return this.#progress && { id: this.#climbs.climb ?? 'up', ...this.#progress }
  }

  releases(): ReleaseList {
    return this.#context.releases.list()
  }

  async kill(name: string): Promise<{ node: string; pid: number | null }> {
    await this.#sight()
    return await this.#faults.kill(name)
  }

  async pause(name: string): Promise<{ readonly node: string }> {
    await this.#sight()
    return await this.#faults.pause(name)
  }

  async resume(name: string): Promise<{ readonly node: string }> {
    return await this.#faults.resume(name)
  }

  async partition(name: string, from: string | null): Promise<{ readonly node: string }> {
    await this.#sight()
    return await this.#faults.partition(name, from)
  }

  async heal(name: string): Promise<{ readonly node: string }> {
    return await this.#faults.heal(name)
  }

  async consoleToken(): Promise<{ readonly url: string }> {
    const { console } = this.#context
    if (console == null) throw noConsole(this.#context.settings)
    return { url: console.freshUrl() }
  }

  async climb(request: ClimbRequest): Promise<{ readonly climb: string }> {
    if (this.#stopping !== null) throw interrupted()
    await this.#raising
    return await this.#climbs.begin(request)
  }

  async climbEnd(climb: string): Promise<ClimbReport> {
    // One that an earlier control left is taken up again first.
    await this.#raising
    return await this.#climbs.end(climb)
  }

  async turnBack(climb: string): Promise<void> {
    this.#climbs.turnBack(climb)
  }

  /** Of an adopted database, its one node. */
  #primary(): string | null {
    const { shard, topology } = this.#context
    const { primary } = shard.current
    return primary ?? topology.nodes.find(({ tier }) => tier === 'data')?.name ?? null
  }

  /** Has another member take the writes; refused before anything is done, or not at all. */
  async switchover({ to, acceptLoss = false }: SwitchoverRequest): Promise<SwitchoverReport> {
    this.#refuseAdopted()
    await this.#sight()
    const { keeper } = this.#members
    const began = performance.now()
    const from = keeper.primary ?? ''
    const signal = this.#climbing.signal
    const heir = acceptLoss
      ? (await keeper.acceptLoss(this.#memberNamed(to), signal)).to
      : await keeper.switchOver(this.#memberNamed(to), signal)
    const { last, term, closedSinceMs } = keeper.situation
    const now = performance.now()
    const pause =
      closedSinceMs === null ? last && last.writingMs - last.noticedMs : now - closedSinceMs
    const pauseMs = Math.round(pause ?? 0)
    const totalMs = Math.round(now - began)
    const sentence =
      closedSinceMs === null
        ? `${heir} takes the writes, in place of ${from}: nobody could write for ${pauseMs} ms.`
        : `${heir} is the primary, in place of ${from}. Commits are held until a replica can confirm them, which is being made.`
    return { from, to: heir, term, pauseMs, totalMs, sentence }
  }

  /** One that has just begun knows what it looks after once it has looked; a node that hangs does not keep it. */
  async #sight(): Promise<void> {
    if (this.#hasLooked) return
    await Promise.race([this.#looked.promise, sleep(sightTimeoutMs, null, { ref: false })])
  }

  async loss(to: string | null): Promise<LossReport> {
    this.#refuseAdopted()
    await this.#sight()
    return this.#members.keeper.lossOf(this.#memberNamed(to))
  }

  #refuseAdopted(): void {
    const { system } = this.#context
    if (system.data?.url != null) throw notSwitched(targetOf(system).name)
  }

  #memberNamed(name: string | null): string | null {
    if (name === null) return null
    return findNodeName(this.#context.topology, name, this.#primary()) ?? name
  }

  #keeperOf(name: string): Keeper {
    const { topology, keepers } = this.#context
    const node = findNodeName(topology, name, this.#primary())
    const keeper = node === null ? this.#keeperOfMember(name) : keepers.get(node)
    if (keeper !== null) return keeper
    throw node === null ? unknownNode(topology, name) : notKept(node)
  }

  /** Whoever keeps the adopted database that this is a server of. */
  #keeperOfMember(name: string): Keeper | null {
    const isMember = (one: { readonly name: string }): boolean => one.name === name
    const { keepers } = this.#context
    return keepers.all.find(({ driver }) => driver.members?.().some(isMember)) ?? null
  }

  async #climbUp(began: number): Promise<void> {
    await this.#adopt()
    await this.#climbs.resume()
    await this.#climb()
    await this.#tidy()
    await this.#warnOfMissing()
    this.#welcome(began)
  }

  /** `dev` and `exec` apply what lies in the folder, which the live release need not know. */
  async #warnOfMissing(): Promise<void> {
    const { release, system } = this.#context
    if (release === inPlace) return
    const asked = contractsMissingIn(this.#context, system).catch(() => [])
    // One that freezes this moment keeps nobody from being up, nor from being stopped.
    const missing = await Promise.race([asked, sleep(warnTimeoutMs, [], { ref: false })])
    if (missing.length === 0) return
    const sentence = `${missing.join(', ')} took away what ${release} may need: "banyan up --release" starts with the code as it is here.`
    this.events.add({ type: 'progress', sentence })
  }

  /** Nothing that was left on its way is, once the system is up; and a full disk is no reason not to be. */
  async #tidy(): Promise<void> {
    const { releases, release } = this.#context
    if (release === inPlace) return
    await releases.giveUpPending().catch(() => {})
    await releases.prune(releasesThatRun(this.#context)).catch(() => {})
  }

  #welcome(began: number): void {
    if (this.#ready) return
    this.#ready = true
    const url = this.#context.settings.dataOnly === true ? null : urlOf(this.#context)
    const ms = Math.round(performance.now() - began)
    const sentence = `${this.#context.system.name} is up${url === null ? '' : ` at ${url}`}.`
    this.events.add({ type: 'ready', sentence, url, ms })
  }

  /** In `dev`, what goes wrong with a database that is there is mended by the next change of a file. */
  #awaitsMending(error: unknown): boolean {
    const { settings, keepers, system } = this.#context
    if (settings.mode !== 'dev' || settings.dataOnly === true) return false
    const data = keepers.all.filter(({ driver }) => driver.node.tier === 'data')
    if (system.data !== null && data.length === 0) return false
    if (!data.every(({ health }) => health === 'healthy')) return false
    const report = mendInDev(reportOf(error))
    const files: [] = []
    this.events.add({
      type: 'change',
      outcome: 'failed',
      sentence: report.message,
      files,
      nodes: [],
      ms: null,
      error: report,
    })
    return true
  }

  /** Takes over what an earlier control left running, before anything is decided. */
  async #adopt(): Promise<void> {
    const { topology, keepers, shard } = this.#context
    // What an earlier control left cut off could not be looked at.
    await this.#faults.mend()
    // Made by a version that had one server only.
    const [first] = membersOf(topology)
    if (first !== undefined && shard.current.primary === null) {
      await this.#members.keeper.begin(first.name)
    }
    for (const node of topology.nodes) {
      const driver = await driverAsFound(this.#context, node)
      // What runs may be of yesterday's code, and nobody has looked since.
      if (this.#context.settings.mode === 'dev' && node.tier !== 'data') {
        await driver.stop()
        continue
      }
      if ((await driver.find()) === null) continue
      const keeper = keepers.ensure(driver)
      await keeper.want()
      this.events.add({
        type: 'progress',
        sentence: `${node.name} runs already and is taken over.`,
      })
      await keeper.looked
    }
    this.#hasLooked = true
    this.#looked.resolve()
    this.#members.run()
    await tellAgain(this.#context)
  }

  async #climbDown(): Promise<void> {
    this.events.add({ type: 'stopping', sentence: `${this.#reason}Everything is being stopped.` })
    this.#context.leaving = true
    this.#climbing.abort(interrupted())
    await this.#raising
    await this.#changes.settled()
    await this.#climbs.settled()
    await this.#faults.mend()
    await climb(this.#context, 'off', new AbortController().signal)
    await this.#members.stop()
    // What is not recorded yet was started all the same.
    for (const keeper of this.#context.keepers.all) await keeper.unwant()
    // Last, so that it has what all others had to say.
    await this.#context.telemetry?.stop()
    const end =
      this.#reason === '' ? 'Everything is stopped; the data stays.' : 'Everything is stopped.'
    this.events.add({ type: 'stopped', sentence: `${this.#reason}${end}` })
    this.#end('stopped')
  }

  /** What `up` was to bring live; the next one leads to what is live, or takes the code anew. */
  async #giveUpRelease(reason: string): Promise<void> {
    const { releases, release } = this.#context
    if (!releases.isPending(release)) return
    await releases.markEnded(release, 'failed', reason).catch(() => {})
  }

  /** Last started, first stopped. What ran before us goes on serving: its failure was not its fault. */
  async #takeBack(): Promise<void> {
    for (const keeper of [...this.#context.keepers.all].reverse()) {
      await (keeper.startedByUs || keeper.presence === null ? keeper.unwant() : keeper.release())
    }
    await this.#context.telemetry?.release()
  }

  async #climb(): Promise<void> {
    const { settings } = this.#context
    await this.#climbs.raise(settings.dataOnly === true ? { until: isOfService } : {})
  }

  #note(progress: Progress | null): void {
    this.#progress = progress
  }

  #say(keeper: Keeper): void {
    // A start that is due is either said by its step or, after an exit, together with it.
    if (keeper.situation === 'due' && keeper.facts.quickExits === 0) return
    const { name: node, health, sentence } = keeper
    this.events.add({ type: 'node', node, health, sentence })
  }
}

function interrupted(): BanyanError {
  return new BanyanError('BANYAN_INTERRUPTED', 'It was interrupted.', {
    hint: 'Run "banyan up" to start it again.',
  })
}

function notInDev(): BanyanError {
  return new BanyanError(
    'BANYAN_CHANGE_REFUSED',
    'Only "banyan dev" takes changes over by itself.',
    {
      hint: 'Stop the system with "banyan down" and start it with "banyan dev".',
    },
  )
}

function unknownNode({ nodes }: Topology, name: string): BanyanError {
  const names = nodes.map((node) => node.name)
  const near = nearestName(name, names)
  return new BanyanError('BANYAN_NODE_UNKNOWN', `There is no node ${JSON.stringify(name)}.`, {
    hint: `${near === null ? '' : `Did you mean ${near}? `}The nodes: ${names.join(', ')}.`,
    details: { name, nodes: names },
  })
}

/** Right after control began, or before a climb has come to the node. */
function notKept(node: string): BanyanError {
  return new BanyanError('BANYAN_NOT_RUNNING', `${node} is not looked after yet.`, {
    hint: 'Look at "banyan status" and try again.',
    details: { node },
  })
}
