import { setTimeout as sleep } from 'node:timers/promises'
import { membersOf, type Node } from '@banyan/model'
import type { PromotionStatus } from '../api/types.ts'
import { sizeOf } from '../logs/follow.ts'
import { LocalMember } from '../shard/local-member.ts'
import type { Role } from '../shard/member.ts'
import type { ShardSettings } from '../shard/settings.ts'
import { ShardKeeper } from '../shard/shard-keeper.ts'
import type { TakeOver } from '../shard/situation.ts'
import { logFileOf, nodeDirectory } from '../state/paths.ts'
import { announceHeir, announceMembers, holdWrites } from './announce.ts'
import { addressOf, type Context, databaseName } from './context.ts'
import { TellPrimary } from './tell-primary.ts'
import { untilHealthy } from './wait.ts'

/**
 * The database servers of a running control: their shard's keeper decides, and here is what it has done to
 * those of this machine. No member is started but by its word, whoever keeps its process.
 */
export class Members {
  readonly keeper: ShardKeeper
  readonly #context: Context
  readonly #local = new Map<string, LocalMember>()
  readonly #roles = new Map<string, Role>()
  readonly #starting = new Set<string>()
  readonly #ending = new AbortController()
  #said: TakeOver | null = null
  #running: Promise<void> | null = null

  constructor(context: Context) {
    this.#context = context
    const telling = new TellPrimary(async () => await announceMembers(context))
    this.keeper = new ShardKeeper({
      record: context.shard,
      members: () => this.#kept().map((node) => this.#memberOf(node)),
      settings: () => shardSettingsOf(context),
      clock: {
        now: () => performance.now(),
        sleep: async (milliseconds) => await sleep(milliseconds, undefined, { ref: false }),
      },
      say: (sentence) => context.events.add({ type: 'progress', sentence }),
      hold: async (milliseconds) => await holdWrites(context, milliseconds),
      announce: async (heir) => await announceHeir(context, heir),
      onChange: () => {
        telling.see(context.shard.current)
        this.#sayPromotion()
      },
    })
    context.keepers.gate = {
      mayStart: (name) => this.#starting.has(name),
      primary: () => context.shard.current.primary,
    }
    context.keepers.onChange(({ driver }) => {
      if (driver.node.tier === 'data') this.keeper.wake()
    })
  }

  /** What a member is to be from its next start on. */
  roleOf(name: string): Role | null {
    return this.#roles.get(name) ?? null
  }

  /** The last failover or switchover, with the moments of it. */
  get lastPromotion(): PromotionStatus | null {
    const { last, term } = this.keeper.situation
    if (last === null) return null
    const { from, to, reason, noticedMs } = last
    const since = (moment: number) => Math.max(0, Math.round(moment - noticedMs))
    return {
      reason,
      from,
      to,
      term,
      at: new Date(Date.now() - (performance.now() - noticedMs)).toISOString(),
      fencedMs: since(last.fencedMs),
      promotedMs: since(last.promotedMs),
      writingMs: since(last.writingMs),
    }
  }

  /** Whoever draws the system hears of each once. */
  #sayPromotion(): void {
    const last = this.keeper.lastTakeOver
    if (last === this.#said) return
    this.#said = last
    const promotion = this.lastPromotion
    if (promotion === null) return
    const { to, from, writingMs } = promotion
    const sentence = `${to} takes the writes, in place of ${from}: ${writingMs} ms after that was noticed.`
    this.#context.events.add({ type: 'promotion', shard: 'shard-1', promotion, sentence })
  }

  /** Looks after them until `stop`. */
  run(): void {
    this.#running ??= this.keeper.run(this.#ending.signal)
    this.#running.catch((error: unknown) => {
      this.#context.events.add({ type: 'progress', sentence: `The shard is not kept: ${error}` })
    })
  }

  /** Leaves them as they are, and looks after them no more. */
  async stop(): Promise<void> {
    this.#ending.abort()
    this.keeper.wake()
    await this.#running?.catch(() => {})
    for (const member of this.#local.values()) member.close()
    this.#local.clear()
  }

  /** Nobody is to follow under this name any more: what is kept for it would fill the disk. */
  async forget(name: string): Promise<void> {
    this.#local.get(name)?.close()
    this.#local.delete(name)
    this.#roles.delete(name)
    const primary = this.#kept().find((node) => node.name === this.#context.shard.current.primary)
    if (primary !== undefined && primary.name !== name) await this.#memberOf(primary).forget([name])
  }

  #kept(): readonly Node[] {
    const { topology, keepers } = this.#context
    return membersOf(topology).filter(({ name }) => keepers.get(name)?.facts.wanted === true)
  }

  #memberOf(node: Node): LocalMember {
    const { paths, binaries, secrets, events, topology, system, keepers } = this.#context
    const known = this.#local.get(node.name)
    const host = addressOf(topology, node.host)
    if (known?.place.host === host && known.place.port === node.port) return known
    known?.close()
    if (binaries === null) throw new Error('a system without data has no member')
    const member = new LocalMember({
      place: { name: node.name, host, port: node.port },
      nodeDirectory: nodeDirectory(paths, node.name),
      logFile: logFileOf(paths, node.name),
      directoryOf: (name) => nodeDirectory(paths, name),
      binaries,
      size: node.size,
      adminPassword: secrets.adminPassword,
      replicatorPassword: secrets.replicatorPassword,
      database: databaseName(system),
      start: async (role) => await this.#start(node.name, role),
      wake: () => keepers.get(node.name)?.wake(),
      onLost: () => this.keeper.wake(),
      say: (sentence) => events.add({ type: 'progress', sentence }),
    })
    this.#local.set(node.name, member)
    return member
  }

  /** Its keeper starts it, and only while it is to be started: what ends later is decided about anew. */
  async #start(name: string, role: Role): Promise<void> {
    const { keepers } = this.#context
    const keeper = keepers.get(name)
    if (keeper?.facts.wanted !== true) throw new Error(`${name} is not kept any more`)
    this.#roles.set(name, role)
    const logFrom = await sizeOf(keeper.driver.logFile)
    const gone = new AbortController()
    const stop = keepers.onChange(() => {
      if (!keeper.facts.wanted) gone.abort(new Error(`${name} is not kept any more`))
    })
    const { quickExits } = keeper.facts
    this.#starting.add(name)
    try {
      keeper.retry()
      const ending = AbortSignal.any([this.#ending.signal, gone.signal])
      await untilHealthy(keepers, keeper, ending, logFrom, quickExits)
    } finally {
      this.#starting.delete(name)
      stop()
    }
  }
}

/** A release that was taken by an earlier version says nothing of them. */
function shardSettingsOf({ system, topology, desired }: Context): ShardSettings {
  const { quorum = 1, durability = 'required' } = system.data?.synchronous ?? {}
  const isHeld = topology.rungs.includes('replicated') && desired.rungs.includes('replicated')
  return { quorum, durability, replicated: isHeld }
}
