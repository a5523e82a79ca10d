import type { MetricsTarget } from '@banyan/model'
import { askTarget } from './ask-target.ts'
import { noLines, type TargetLines, takeText } from './reading.ts'
import type { Registry } from './registry.ts'
import { keyOf, type Target } from './series.ts'
import { readTargets, versionOf } from './targets.ts'

export type ScraperOptions = {
  readonly registry: Registry
  readonly targetsFile: string
  readonly tokenFor: (address: string) => string
  readonly onSamples: (count: number, dropped: number) => void
  /** Milliseconds since 1970; a test has its own. */
  readonly now: () => number
  readonly everyMs?: number
  readonly timeoutMs?: number
}

/** One target that is read. */
type Read = {
  readonly address: string
  readonly target: Target
  readonly lines: TargetLines
  /** The next moment at which it is its turn, of a monotonic clock. */
  dueMs: number
  busy: boolean
}

/** The targets are looked at this often whether one is due; their turns are spread over the second. */
const lookEveryMs = 50

/**
 * Reads every target once a second, each at its own moment of the second and at most once at a time. One that
 * hangs is given up after half a second and costs the others nothing.
 */
export class Scraper {
  readonly #options: ScraperOptions
  readonly #everyMs: number
  #reads = new Map<string, Read>()
  #version: string | null = null
  #timers: NodeJS.Timeout[] = []
  /** By address, what went wrong the last time. */
  readonly failures = new Map<string, string>()

  constructor(options: ScraperOptions) {
    this.#options = options
    this.#everyMs = options.everyMs ?? 1_000
  }

  start(): void {
    void this.#readTargets()
    this.#timers = [
      setInterval(() => void this.#readTargets(), 500),
      setInterval(() => this.#look(), lookEveryMs),
    ]
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  async #readTargets(): Promise<void> {
    const version = await versionOf(this.#options.targetsFile)
    if (version === this.#version) return
    const targets = await readTargets(this.#options.targetsFile)
    if (targets === null) return
    this.#version = version
    this.#reads = this.#planned(targets)
    for (const address of this.failures.keys()) {
      if (![...this.#reads.values()].some((read) => read.address === address))
        this.failures.delete(address)
    }
  }

  /** Those that stay go on as they are. */
  #planned(targets: readonly MetricsTarget[]): Map<string, Read> {
    const now = performance.now()
    const reads = new Map<string, Read>()
    for (const [index, { targets: addresses, labels }] of targets.entries()) {
      const address = addresses[0]
      const key = `${address} ${keyOf(labels)}`
      const dueMs = now + (index / targets.length) * this.#everyMs
      const target = this.#options.registry.target(labels, false)
      const read = { address, target, lines: noLines(), dueMs, busy: false }
      reads.set(key, this.#reads.get(key) ?? read)
    }
    return reads
  }

  #look(): void {
    const now = performance.now()
    for (const read of this.#reads.values()) {
      if (read.busy || now < read.dueMs) continue
      // A turn that was missed is not made up for.
      read.dueMs = Math.max(read.dueMs + this.#everyMs, now + this.#everyMs / 2)
      void this.#read(read)
    }
  }

  async #read(read: Read): Promise<void> {
    const { tokenFor, timeoutMs = 500, registry, now, onSamples } = this.#options
    read.busy = true
    const at = now()
    try {
      const { address } = read
      const text = await askTarget({ address, token: tokenFor(address), timeoutMs })
      // Two addresses may have the same labels for a moment, one of them a process that ends.
      if (at === read.target.times.at(-1)) return
      const { samples, dropped } = takeText(registry, read.target, read.lines, { text, at })
      onSamples(samples, dropped)
      this.failures.delete(read.address)
    } catch (error) {
      this.failures.set(read.address, (error as Error).message)
    } finally {
      read.busy = false
    }
  }
}
