import { BanyanError } from '@banyan/model'
import type { ControlEvent } from '../api/types.ts'
import type { Context } from '../climb/context.ts'
import { applyCuts, type Cut, mendCuts, unavailable } from '../sites/cut.ts'
import type { Keeper } from '../supervise/keeper.ts'
import { placesOf } from './places.ts'

type Fault = (ControlEvent & { type: 'fault' })['fault']

export type FaultsOptions = {
  readonly context: Context
  /** The keeper of the node that somebody means; throws where there is none. */
  readonly keeperOf: (name: string) => Keeper
}

/** What somebody does to a node on purpose, by a command or on the console's page. */
export class Faults {
  readonly #context: Context
  readonly #keeperOf: (name: string) => Keeper
  #cuts: readonly Cut[] = []
  /** The rules are put in place whole, so that two at once would forget each other. */
  #cutting: Promise<unknown> = Promise.resolve()

  constructor({ context, keeperOf }: FaultsOptions) {
    this.#context = context
    this.#keeperOf = keeperOf
  }

  async kill(name: string): Promise<{ node: string; pid: number | null }> {
    const keeper = this.#keeperOf(name)
    // Its driver says why nothing is done to it.
    if (keeper.driver.node.adopted) await keeper.driver.kill()
    const pid = keeper.presence?.identity?.pid ?? null
    if (pid === null) throw notRunning(keeper)
    // Said first: whoever sees it die may be quicker than the answer to the signal.
    this.#say(
      keeper.name,
      'killed',
      `${keeper.name} is killed on purpose (SIGKILL, process ${pid}).`,
    )
    await keeper.driver.kill()
    keeper.wake()
    return { node: keeper.name, pid }
  }

  async pause(name: string): Promise<{ readonly node: string }> {
    const { node } = await this.#freeze(name, async ({ driver }) => await driver.pause())
    this.#say(node, 'paused', `${node} is paused on purpose: it stands still.`)
    return { node }
  }

  async resume(name: string): Promise<{ readonly node: string }> {
    const { node } = await this.#freeze(name, async ({ driver }) => await driver.resume())
    this.#say(node, 'resumed', `${node} goes on: somebody has resumed it.`)
    return { node }
  }

  async partition(name: string, from: string | null): Promise<{ readonly node: string }> {
    if (name === 'control') throw notControl()
    const keeper = this.#keeperOf(name)
    if (from !== null) throw notApart(keeper.name, this.#keeperOf(from).name)
    const { node } = keeper.driver
    const places = placesOf(this.#context, node)
    const cut = { node: node.name, places }
    await this.#cut((cuts) => [...cuts.filter((one) => one.node !== node.name), cut])
    keeper.seeCut()
    const sentence = `${node.name} is cut off on purpose: nobody reaches it.`
    this.#say(node.name, 'partitioned', sentence)
    return { node: node.name }
  }

  /** One that is not there any more can be healed all the same; one that is whole stays so. */
  async heal(name: string): Promise<{ readonly node: string }> {
    const isCut = this.#cuts.some(({ node }) => node === name)
    const node = isCut ? name : this.#keeperOf(name).name
    if (!this.#cuts.some((one) => one.node === node)) return { node }
    await this.#cut((cuts) => cuts.filter((one) => one.node !== node))
    this.#context.keepers.get(node)?.seeCut()
    this.#say(node, 'healed', `${node} is cut off no longer.`)
    return { node }
  }

  /** Nothing is cut once this control begins, and once everything is stopped; also not by an earlier one. */
  async mend(): Promise<void> {
    await this.#cutting.catch(() => {})
    const mended = await mendCuts(this.#context.paths, this.#cuts).catch((error: unknown) => {
      const sentence = `What was cut off on purpose stays cut: ${(error as Error).message}`
      this.#context.events.add({ type: 'progress', sentence })
      return []
    })
    this.#cuts = []
    this.#note()
    for (const node of mended) this.#say(node, 'healed', `${node} is cut off no longer.`)
  }

  async #cut(change: (cuts: readonly Cut[]) => readonly Cut[]): Promise<void> {
    const done = this.#cutting.then(async () => {
      const cuts = change(this.#cuts)
      await applyCuts(this.#context.paths, cuts)
      this.#cuts = cuts
      this.#note()
    })
    this.#cutting = done.catch(() => {})
    await done
  }

  #note(): void {
    const { cut } = this.#context.keepers
    cut.clear()
    for (const { node } of this.#cuts) cut.add(node)
  }

  async #freeze(name: string, act: (keeper: Keeper) => Promise<void>) {
    if (name === 'control') throw notControl()
    const keeper = this.#keeperOf(name)
    const { driver, presence } = keeper
    if (!driver.node.adopted && presence === null) throw notRunning(keeper)
    await act(keeper)
    await keeper.seePause()
    keeper.wake()
    return { node: keeper.name }
  }

  #say(node: string, fault: Fault, sentence: string): void {
    this.#context.events.add({ type: 'fault', node, fault, sentence })
  }
}

/** Nobody would be left who could let it go on. */
function notControl(): BanyanError {
  return new BanyanError(
    'BANYAN_USAGE_INVALID',
    'Control is no node, and cannot pause itself or cut itself off.',
    {
      hint: 'Name a node of "banyan status". The death of control is rehearsed with kill -9 and its process id.',
    },
  )
}

function notRunning({ name, sentence }: Keeper): BanyanError {
  return new BanyanError('BANYAN_NOT_RUNNING', `${name} has no process now: ${sentence}`, {
    hint: 'Look at "banyan status" and try again.',
    details: { node: name },
  })
}

/** All of them ask from 127.0.0.1 and a port that they are given: nothing on the way says who it is. */
function notApart(node: string, from: string): BanyanError {
  return unavailable(
    `on one machine it cannot be told which of its connections are of ${from}`,
    `Cut ${node} off from everybody: banyan partition ${node}`,
  )
}
