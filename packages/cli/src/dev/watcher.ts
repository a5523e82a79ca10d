import { relative } from 'node:path'
import type { ChangedFile } from '@banyan/control/api'
import { type FSWatcher, watch } from 'chokidar'
import { Contents } from './contents.ts'
import { Ignored, type IgnoredOptions } from './ignored.ts'

/** Editors save in several writes, and "save all" saves several files: they are one change. */
const quietMs = 40

/** A stream of changes that never pauses is passed on all the same. */
const longestMs = 500

const words = { add: 'added', change: 'changed', unlink: 'removed' } as const

export type WatcherOptions = IgnoredOptions & {
  readonly onChange: (files: readonly ChangedFile[]) => void
  readonly onError: (error: Error) => void
}

/** Watches the folder of an app, and passes on what was really changed. */
export class Watcher {
  readonly #options: WatcherOptions
  readonly #contents = new Contents()
  readonly #seen = new Map<string, ChangedFile['how']>()
  #watcher: FSWatcher | null = null
  #timer: NodeJS.Timeout | null = null
  #firstAt = 0

  constructor(options: WatcherOptions) {
    this.#options = options
  }

  /** Returns when everything from now on is seen. */
  async start(): Promise<void> {
    const { root, onError } = this.#options
    const ignored = new Ignored(this.#options)
    const watcher = watch(root, {
      ignoreInitial: true,
      followSymlinks: false,
      ignored: (path, stats) => ignored.has(path, stats?.isDirectory() === true),
    })
    this.#watcher = watcher
    watcher.on('error', (error) => onError(error instanceof Error ? error : new Error(`${error}`)))
    for (const event of ['add', 'change', 'unlink'] as const) {
      watcher.on(event, (path) => this.#note(path, words[event]))
    }
    await new Promise<void>((resolve) => watcher.once('ready', resolve))
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#watcher?.close()
  }

  #note(path: string, how: ChangedFile['how']): void {
    if (path.endsWith('.gitignore')) return void this.#restart()
    const before = this.#seen.get(path)
    // An editor that replaces a file removes it first; one that makes a file writes it afterwards.
    if (before === 'removed' && how === 'added') this.#seen.set(path, 'changed')
    else if (before !== 'added' || how !== 'changed') this.#seen.set(path, how)
    const now = performance.now()
    if (this.#timer === null) this.#firstAt = now
    else clearTimeout(this.#timer)
    const leftMs = Math.max(0, this.#firstAt + longestMs - now)
    this.#timer = setTimeout(() => void this.#pass(), Math.min(quietMs, leftMs))
  }

  async #pass(): Promise<void> {
    this.#timer = null
    const seen = [...this.#seen]
    this.#seen.clear()
    const { root, onChange } = this.#options
    const files: ChangedFile[] = []
    for (const [path, how] of seen) {
      if (await this.#contents.isNew(path)) files.push({ path: relative(root, path), how })
    }
    if (files.length > 0) onChange(files)
  }

  /** Other rules: what was left out before may count now. */
  async #restart(): Promise<void> {
    await this.#watcher?.close()
    await this.start()
  }
}
