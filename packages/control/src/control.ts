import { BanyanError, type Goal, nearestName, type Topology } from '@banyan/model'
import { reportOf } from './api/report.ts'
import type { Controlled } from './api/server.ts'
import type { Status } from './api/types.ts'
import { climb, type Progress } from './climb/climb.ts'
import type { Context } from './climb/context.ts'
import { driverOf } from './climb/drivers.ts'
import { urlOf } from './climb/place.ts'
import { findNodeName } from './node-names.ts'
import { statusOf } from './status.ts'
import type { Keeper } from './supervise/keeper.ts'

/** How a control ended. */
export type Ending = 'stopped' | 'failed'

/** Runs one system: leads it up, keeps it, and leads it down. */
export class Control implements Controlled {
  readonly #context: Context
  readonly #desired: Topology
  readonly #climbing = new AbortController()
  #progress: Progress | null = null
  #raising: Promise<void> | null = null
  #stopping: Promise<void> | null = null
  #reason = ''
  #end: (ending: Ending) => void = () => {}
  readonly ended = new Promise<Ending>((resolve) => {
    this.#end = resolve
  })

  constructor(context: Context, desired: Topology) {
    this.#context = context
    this.#desired = desired
    context.keepers.onChange((keeper) => this.#say(keeper))
  }

  get events() {
    return this.#context.events
  }

  /** Leads the system up. A failure takes back what was started, and nothing else. */
  raise(began: number): void {
    this.#raising = this.#climbUp(began).catch(async (error) => {
      if (this.#climbing.signal.aborted) return
      this.events.add({ type: 'failed', sentence: reportOf(error).message, error: reportOf(error) })
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

  /** Stops everything because its state directory is no longer where it was. */
  async leave(): Promise<void> {
    const { directory } = this.#context.paths
    this.#reason = `The state directory ${directory} was moved or deleted. `
    await this.down()
  }

  status(): Status {
    return statusOf(this.#context, this.#progress, this.events.last?.sentence ?? '')
  }

  async kill(name: string): Promise<{ node: string; pid: number | null }> {
    const { topology, keepers } = this.#context
    const node = findNodeName(topology, name)
    const keeper = node === null ? null : keepers.get(node)
    if (keeper === null || node === null) throw unknownNode(topology, name)
    const pid = keeper.presence?.identity.pid ?? null
    if (pid === null) throw notRunning(keeper)
    await keeper.driver.kill()
    keeper.wake()
    return { node, pid }
  }

  async #climbUp(began: number): Promise<void> {
    await this.#adopt()
    await this.#climb(this.#goal('on'))
    const url = urlOf(this.#context)
    const ms = Math.round(performance.now() - began)
    const sentence = `${this.#context.system.name} is up${url === null ? '' : ` at ${url}`}.`
    this.events.add({ type: 'ready', sentence, url, ms })
  }

  /** Takes over what an earlier control left running, before anything is decided. */
  async #adopt(): Promise<void> {
    const { topology, keepers } = this.#context
    for (const node of topology.nodes) {
      const driver = driverOf(this.#context, node)
      if ((await driver.find()) === null) continue
      const keeper = keepers.ensure(driver)
      await keeper.want()
      this.events.add({
        type: 'progress',
        sentence: `${node.name} runs already and is taken over.`,
      })
      await keeper.looked
    }
  }

  async #climbDown(): Promise<void> {
    this.events.add({ type: 'stopping', sentence: `${this.#reason}Everything is being stopped.` })
    this.#climbing.abort(interrupted())
    await this.#raising
    await climb(this.#context, this.#goal('off'), new AbortController().signal, () => {})
    // What is not recorded yet was started all the same.
    for (const keeper of this.#context.keepers.all) await keeper.unwant()
    const end =
      this.#reason === '' ? 'Everything is stopped; the data stays.' : 'Everything is stopped.'
    this.events.add({ type: 'stopped', sentence: `${this.#reason}${end}` })
    this.#end('stopped')
  }

  /** Last started, first stopped. What ran before us goes on serving: its failure was not its fault. */
  async #takeBack(): Promise<void> {
    for (const keeper of [...this.#context.keepers.all].reverse()) {
      await (keeper.startedByUs || keeper.presence === null ? keeper.unwant() : keeper.release())
    }
  }

  async #climb(goal: Goal): Promise<void> {
    await climb(this.#context, goal, this.#climbing.signal, (progress) => {
      this.#progress = progress
    })
  }

  #goal(power: Goal['power']): Goal {
    return { topology: this.#desired, release: this.#context.release, power }
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

function unknownNode({ nodes }: Topology, name: string): BanyanError {
  const names = nodes.map((node) => node.name)
  const near = nearestName(name, names)
  return new BanyanError('BANYAN_NODE_UNKNOWN', `There is no node ${JSON.stringify(name)}.`, {
    hint: `${near === null ? '' : `Did you mean ${near}? `}The nodes: ${names.join(', ')}.`,
    details: { name, nodes: names },
  })
}

function notRunning({ name, sentence }: Keeper): BanyanError {
  return new BanyanError('BANYAN_NOT_RUNNING', `${name} has no process now: ${sentence}`, {
    hint: 'Look at "banyan status" and try again.',
    details: { node: name },
  })
}
