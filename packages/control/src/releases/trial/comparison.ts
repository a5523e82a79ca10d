import type { Node } from '@banyan/model'
import type { Keeper } from '../../supervise/keeper.ts'
import { sayExit } from '../../supervise/situation.ts'
import { type Decision, decide } from './decide.ts'
import { type Looks, Tape } from './tape.ts'
import { watchedOn } from './watched.ts'

/** One node of a new release beside those of its service that run another one. */
export class Comparison {
  readonly node: Node
  readonly olds: readonly Node[]
  readonly #keeper: Keeper
  readonly #oldKeepers: readonly Keeper[]
  readonly #pid: number | undefined
  readonly #next = new Tape()
  readonly #old = new Tape()

  constructor(keeper: Keeper, oldKeepers: readonly Keeper[]) {
    this.node = keeper.driver.node
    this.olds = oldKeepers.map(({ driver }) => driver.node)
    this.#keeper = keeper
    this.#oldKeepers = oldKeepers
    this.#pid = keeper.presence?.identity?.pid
  }

  get keeper(): Keeper {
    return this.#keeper
  }

  note(atMs: number, next: Looks, old: Looks): void {
    this.#next.note(atMs, next)
    this.#old.note(atMs, old)
  }

  decide(elapsedMs: number): Decision {
    return this.trouble ?? decide(watchedOn(this.#old, this.#next, elapsedMs))
  }

  /** The part of the requests since a moment that the new one got; null where there were none. */
  shareSince(ms: number): number | null {
    const next = this.#next.since(ms).sent
    const all = next + this.#old.since(ms).sent
    return all === 0 ? null : next / all
  }

  /** What no figures are needed for, and is worse at any moment; null where there is none. */
  get trouble(): Decision | null {
    const sentence = this.#trouble()
    return sentence === null
      ? null
      : { end: 'worse', verdict: 'worse', failures: 'unknown', sentence }
  }

  #trouble(): string | null {
    const { facts, presence, situation } = this.#keeper
    const answered = `after it had answered ${this.#next.since(0).sent.toLocaleString('en-US')} requests`
    const isGone = !facts.running || presence?.identity?.pid !== this.#pid
    if (isGone) return `crashed (${sayExit(facts.lastExit)}) ${answered}`
    if (situation !== 'silent') return null
    // Where the old ones are silent too, it is something that both need.
    if (this.#oldKeepers.some((old) => old.situation === 'silent')) return null
    return `no longer answers its checks (${facts.missing ?? 'no reason is known'}) ${answered}`
  }
}
