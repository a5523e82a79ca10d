import { basename, join, relative, sep } from 'node:path'
import { type ChangedFile, type ControlClient, loadForDev } from '@banyan/control/api'
import { BanyanError, type System } from '@banyan/model'
import { configFiles } from './config-files.ts'
import { isEnvironment } from './ignored.ts'
import { ownWatcher } from './own-watcher.ts'

export type ReloaderOptions = {
  readonly config: string
  readonly system: System
  readonly client: ControlClient
  /** A config that is wrong: the old one goes on running. */
  readonly onFault: (files: readonly ChangedFile[], error: unknown) => void
}

/** Turns changed files into what control has to do about them. */
export class Reloader {
  readonly #options: ReloaderOptions
  #system: System
  #configFiles: Set<string>
  #last: Promise<void> = Promise.resolve()

  constructor(options: ReloaderOptions) {
    this.#options = options
    this.#system = options.system
    this.#configFiles = this.#findConfig()
  }

  /** One after another, as they were made. What control does with them may overlap. */
  take(files: readonly ChangedFile[]): void {
    this.#last = this.#last.then(async () => {
      try {
        await this.#take(files)
      } catch (error) {
        this.#options.onFault(files, error)
      }
    })
  }

  /** For a control that has just begun: it may know an older config than the one that died. */
  again(): void {
    this.#last = this.#last.then(async () => {
      const { client, system } = this.#options
      if (this.#system === system) return
      const all = { files: [], migrate: true, services: [], system: this.#system }
      // One that dies as well is followed by another, which is told again.
      await client.change(all).catch(() => {})
    })
  }

  async #take(files: readonly ChangedFile[]): Promise<void> {
    const { client, onFault } = this.#options
    const touchesConfig = files.some((file) => this.#isConfig(file))
    const system = touchesConfig ? await this.#load() : null
    const migrate = system !== null || files.some((file) => this.#isMigration(file))
    const services = system === null ? this.#restarted() : null
    if (services?.length === 0 && !migrate) return
    // Not waited for: the next change is to overtake this one.
    client.change({ files, migrate, services, system }).catch((error) => {
      // A control that is on its way down answers nobody, and says so itself.
      if (!BanyanError.is(error) || error.code !== 'BANYAN_CONTROL_FAILED') onFault(files, error)
    })
  }

  async #load(): Promise<System> {
    const system = await loadForDev(this.#options.config)
    this.#system = system
    this.#configFiles = this.#findConfig()
    return system
  }

  /** Under the name by which its changes are seen: that of the real folder. */
  #findConfig(): Set<string> {
    return configFiles(join(this.#system.root, basename(this.#options.config)))
  }

  #isConfig({ path }: ChangedFile): boolean {
    return isEnvironment(path) || this.#configFiles.has(join(this.#system.root, path))
  }

  #isMigration({ path }: ChangedFile): boolean {
    const folder = this.#system.data?.migrations ?? null
    if (folder === null || !path.endsWith('.sql')) return false
    const inside = relative(folder, join(this.#system.root, path))
    return !inside.startsWith('..') && !inside.includes(sep)
  }

  /** All that do not watch their files themselves. */
  #restarted(): string[] {
    return this.#system.services
      .filter(({ run }) => ownWatcher(run) === null)
      .map(({ name }) => name)
  }
}
