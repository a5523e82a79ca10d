import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { delayResolutionMs, MetricsText, ProcessMeter } from '@banyan/model'
import type { NodeStatus } from '../api/types.ts'
import type { Context } from '../climb/context.ts'
import { inspect } from '../engines/haproxy/inspect.ts'
import { haproxyPlaces } from '../engines/haproxy/places.ts'
import { nodeDirectory } from '../state/paths.ts'
import { statusOf } from '../status.ts'
import { BalancerCounts, type BalancerSample } from './balancers.ts'
import { readHost } from './host.ts'
import { writeObservation } from './metrics-text.ts'
import { usageOf } from './node-usage.ts'
import type { Observation } from './observation.ts'
import { PostgresReaders } from './postgres-readers.ts'
import { Tally } from './tally.ts'
import { within } from './within.ts'

/** Two readers (the store, and Prometheus) cost one. */
const keptMs = 900
/** The store gives a target up after 500 ms: who is slow must not cost everybody else's numbers. */
const answerMs = 250

/** Looks at everything that control says of itself, of nodes, of the machine and of what it asks. */
export class ControlMetrics {
  readonly #context: Context
  readonly #tally = new Tally()
  readonly #delay = monitorEventLoopDelay({ resolution: delayResolutionMs })
  readonly #process = new ProcessMeter(process, performance, this.#delay)
  readonly #postgres: PostgresReaders
  readonly #balancers = new BalancerCounts()
  /** Servers and balancers that gave no answer in time, whose series are missing then. */
  #unheard = 0
  #last: { readonly atMs: number; readonly text: Promise<string> } | null = null

  constructor(context: Context) {
    this.#context = context
    this.#postgres = new PostgresReaders(context)
    context.events.follow((event) => this.#tally.hear(event, performance.now()))
  }

  /** In Prometheus' text format; what was looked at within the last second is said again. */
  async text(): Promise<string> {
    const nowMs = performance.now()
    if (this.#last === null || nowMs - this.#last.atMs > keptMs) {
      // Where nobody reads, nothing is looked at.
      this.#delay.enable()
      this.#last = { atMs: nowMs, text: this.#look() }
    }
    return await this.#last.text
  }

  close(): void {
    this.#delay.disable()
    this.#postgres.close()
  }

  async #look(): Promise<string> {
    const { paths } = this.#context
    const asked = Promise.all([
      readHost(paths.directory),
      this.#postgres.read(answerMs),
      this.#askBalancers(),
    ])
    const [host, servers, balancers] = await asked
    this.#unheard += servers.unheard + balancers.unheard
    const observation: Observation = {
      nodes: this.#nodes(),
      usage: this.#usage(),
      tally: this.#tally.sample(performance.now()),
      host,
      postgres: servers.samples,
      balancers: balancers.samples,
    }
    const text = new MetricsText()
    writeObservation(text, observation)
    this.#process.addTo(text, { series: this.#unheard })
    return text.toString()
  }

  /** The servers of an adopted database in place of the one node that stands for them. */
  #nodes(): readonly NodeStatus[] {
    return statusOf(this.#context, null, '', true).nodes.flatMap((node) => node.members ?? [node])
  }

  #usage(): Observation['usage'] {
    return this.#context.keepers.all.flatMap(({ name, presence }) => {
      const pid = presence?.identity?.pid
      const usage = pid === undefined ? null : usageOf(pid)
      return usage === null ? [] : [{ node: name, ...usage }]
    })
  }

  async #askBalancers(): Promise<{ samples: readonly BalancerSample[]; unheard: number }> {
    const { topology, keepers, paths } = this.#context
    const asked = topology.nodes.filter(
      ({ name, engine }) => engine === 'haproxy' && keepers.get(name)?.health === 'healthy',
    )
    const samples = await Promise.all(
      asked.map(async ({ name }) => {
        const { runtime } = haproxyPlaces(nodeDirectory(paths, name))
        const found = await within(inspect(runtime), answerMs)
        return found === null ? [] : [this.#balancers.take(name, found)]
      }),
    )
    const heard = samples.flat()
    return { samples: heard, unheard: asked.length - heard.length }
  }
}
