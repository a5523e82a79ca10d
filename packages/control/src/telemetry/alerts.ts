import { isDeepStrictEqual as isSame } from 'node:util'
import type { AlertStatus } from '../api/types.ts'
import { addressOf, type Context } from '../climb/context.ts'
import { askAlerts } from '../engines/alertmanager/alerts.ts'

const askEveryMs = 2_000

/**
 * The alerts that hold, as Alertmanager said last. What it does not say any more is not known: null, and never
 * what was said before.
 */
export class Alerts {
  readonly #context: Context
  #now: readonly AlertStatus[] | null = null
  #askedAtMs = Number.NEGATIVE_INFINITY

  constructor(context: Context) {
    this.#context = context
  }

  /** Null without the rung `observed`, and while Alertmanager gives no answer. */
  get now(): readonly AlertStatus[] | null {
    return this.#now
  }

  /** Asks, unless it was asked a moment ago. Nobody waits for it. */
  async look(): Promise<void> {
    const nowMs = performance.now()
    if (nowMs - this.#askedAtMs < askEveryMs) return
    this.#askedAtMs = nowMs
    const { topology, keepers } = this.#context
    const node = topology.nodes.find(({ engine }) => engine === 'alertmanager')
    const isThere = node !== undefined && keepers.get(node.name)?.health === 'healthy'
    const told = isThere
      ? await askAlerts({ host: addressOf(topology, node.host), port: node.port })
      : null
    if (!isSame(told, this.#now)) this.#now = told
  }
}
