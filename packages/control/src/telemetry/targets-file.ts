import type { Context } from '../climb/context.ts'
import { writeText } from '../state/files.ts'
import { telemetryOf } from './process-telemetry.ts'
import { targetsOf } from './targets.ts'

/** Writes `targets.json` whenever what it says has changed; whoever reads it sees the old one or the new one. */
export class TargetsFile {
  readonly #context: Context
  #written: string | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(context: Context) {
    this.#context = context
  }

  /** Looks once; two that look at once write one after the other. */
  async look(store: string | null): Promise<void> {
    this.#writing = this.#writing.then(async () => await this.#look(store)).catch(() => {})
    await this.#writing
  }

  async #look(store: string | null): Promise<void> {
    const { paths, topology, keepers, system, console, leaving } = this.#context
    if (leaving) return
    const isServe = (name: string): boolean => keepers.get(name)?.driver.isServe?.() === true
    // Control says its own where it serves the console.
    const control = console == null ? null : new URL(console.url).host
    const { enabled } = telemetryOf(system)
    const targets = enabled ? targetsOf({ topology, isServe, control, store }) : []
    const text = `${JSON.stringify(targets, null, 2)}\n`
    if (text === this.#written) return
    await writeText(paths.targets, text)
    this.#written = text
  }
}
