import { writeRuntimeFiles } from '../climb/announce.ts'
import type { Context } from '../climb/context.ts'
import { tellAgain } from '../entry/gateways.ts'
import { ControlMetrics } from '../metrics/control-metrics.ts'
import { readIfThere, writeText } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import { Alerts } from './alerts.ts'
import { telemetryOf } from './process-telemetry.ts'
import { storeFileOf } from './store-file.ts'
import { StoreKeeper } from './store-keeper.ts'
import { freeStorePort, storeHost } from './store-port.ts'
import { readStoreFile } from './store-process.ts'
import { TargetsFile } from './targets-file.ts'

const lookEveryMs = 1_000

/** The port that the store has, or is to have: the recorded one, so that whoever sends spans there finds the next one. */
export async function storePortOf(paths: StatePaths): Promise<number> {
  const recorded = (await readStoreFile(paths))?.port
  return recorded ?? (await freeStorePort(paths))
}

/**
 * Control's side of telemetry: keeps the store beside the system, says where metrics are to be read, and says
 * its own. Nothing waits for it.
 */
export class Telemetry {
  readonly #context: Context
  readonly alerts: Alerts
  readonly #store: StoreKeeper
  readonly #targets: TargetsFile
  readonly #metrics: ControlMetrics
  #timer: NodeJS.Timeout | null = null
  #isOver = false

  constructor(context: Context, port: number) {
    this.#context = context
    this.alerts = new Alerts(context)
    this.#targets = new TargetsFile(context)
    this.#metrics = new ControlMetrics(context)
    this.#store = new StoreKeeper({
      paths: context.paths,
      port,
      file: (at) => storeFileOf(context, at),
      say: (sentence) => context.events.add({ type: 'progress', sentence }),
      onPort: () => void this.#tellPort(),
    })
  }

  /** `host:port` */
  get storePlace(): string {
    return `${storeHost}:${this.#store.port}`
  }

  /** Whether the store answers now; what it kept can be asked for then. */
  get isStoreThere(): boolean {
    return this.#store.isAnswering
  }

  /** Control's own metrics, in Prometheus' text format; nothing where telemetry is off. */
  async metricsText(): Promise<string> {
    return this.#isOn ? await this.#metrics.text() : ''
  }

  get #isOn(): boolean {
    return telemetryOf(this.#context.system).enabled
  }

  /**
   * A store that runs is looked after from now on. None is started before the system is up, which it would
   * delay, or is known not to come up by itself (`dev`).
   */
  begin(): void {
    void this.#store
      .adopt()
      .catch(() => false)
      .then((isThere) => isThere && this.#run())
    this.#context.events.follow(({ type }) => {
      if (type === 'ready' || type === 'change') this.#run()
    })
    this.#context.keepers.onChange(() => void this.#look())
  }

  /** Ends the store in order; it has heard all that was stopped before. */
  async stop(): Promise<void> {
    this.#end()
    await this.#store.stop().catch(() => {})
  }

  /** Leaves the store running, for the next control. */
  async release(): Promise<void> {
    this.#end()
    await this.#store.release()
  }

  #run(): void {
    if (this.#timer !== null || this.#isOver) return
    this.#timer = setInterval(() => void this.#look(), lookEveryMs)
    void this.#writeToken()
      .catch(() => {})
      .then(async () => {
        await this.#look()
        if (!this.#isOver) this.#store.run()
      })
  }

  #end(): void {
    this.#isOver = true
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#metrics.close()
  }

  async #look(): Promise<void> {
    if (this.#timer === null) return
    void this.alerts.look()
    await this.#targets.look(this.#isOn ? this.storePlace : null)
  }

  /** For Prometheus, which reads it from a file. */
  async #writeToken(): Promise<void> {
    const { paths, secrets } = this.#context
    if ((await readIfThere(paths.metricsToken)) === secrets.metricsToken) return
    await writeText(paths.metricsToken, secrets.metricsToken, 0o600)
  }

  /** Gateways hear of it now; a process of the app finds it in its file before it sends again. */
  async #tellPort(): Promise<void> {
    await writeRuntimeFiles(this.#context).catch(() => {})
    await tellAgain(this.#context).catch(() => {})
    await this.#look()
  }
}
