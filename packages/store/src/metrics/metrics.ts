import { setImmediate as turn } from 'node:timers/promises'
import type { KeptFile } from '../sqlite/kept-file.ts'
import { troubleOf } from '../sqlite/trouble.ts'
import type { StoreLimits } from '../store-file.ts'
import { blockMs, MetricFile } from './metric-file.ts'
import { Registry } from './registry.ts'
import { coarseStepMs, rollUp } from './roll-up.ts'
import { type FamilySamples, inMemory, joinPieces, type Piece } from './samples.ts'
import type { Family } from './series.ts'

/** How far back memory reaches: charts of the last five minutes touch no disk. */
export const memoryMs = 360_000

/** Further apart than this, two samples say nothing of the time between them. */
const gapMs = { fine: 15_000, coarse: 35_000, pushed: 300_000 }

/** So long a gauge is what it was when it was last looked at. */
const holdMs = { fine: 3_000, coarse: 12_000, pushed: 120_000 }

/** How far a sample of a time reaches. */
export type Spans = {
  readonly gapMs: (from: number) => number
  readonly holdMs: (from: number) => number
}

/** From such steps on, samples of every ten seconds say as much as those of every second. */
const coarseFromStepMs = 30_000

/** Families whose blocks are rolled up, or whose old ones are deleted, in one go. */
const atOnce = 50

/** Metrics of the whole system: newest in memory, an hour and a day on the disk. */
export class Metrics {
  readonly registry: Registry
  readonly #file: KeptFile
  readonly #kept: MetricFile
  readonly #limits: StoreLimits
  #generation = 0

  constructor(file: KeptFile, limits: StoreLimits, now: number) {
    this.#file = file
    this.#limits = limits
    this.#kept = new MetricFile(file)
    this.registry = this.#loaded(now)
    this.#generation = file.generation
  }

  #loaded(now: number): Registry {
    try {
      const registry = new Registry(this.#limits)
      this.#kept.load(registry, now - memoryMs)
      return registry
    } catch (error) {
      if (troubleOf(error) === 'busy') throw error
      // Also where SQLite finds nothing wrong: a catalogue that makes no sense is of no use.
      this.#file.beginAnew(String((error as Error).message))
      this.#kept.forgetAll()
      return new Registry(this.#limits)
    }
  }

  /** Writes what is new, and lets go of what memory need not have. On a full disk it throws, and lets go all the same. */
  keep(now: number): void {
    try {
      this.#noticeNewFile()
      this.#kept.keep(this.registry, now)
    } finally {
      for (const target of this.registry.targets()) this.registry.trim(target, now - memoryMs)
    }
  }

  /** A file that was begun anew lacks the catalogue. */
  #noticeNewFile(): void {
    if (this.#generation === this.#file.generation) return
    this.#generation = this.#file.generation
    this.#kept.forgetAll()
    const targets = this.registry.targets()
    const families = targets.flatMap((target) => [...target.families.values()])
    const series = families.flatMap((family) => [...family.series.values()])
    this.registry.unsaved = [...targets, ...families, ...series]
  }

  families(metric: string): Family[] {
    const targets = this.registry.targets()
    return targets.flatMap((target) => target.families.get(metric) ?? [])
  }

  /** All that is known of a family in a span of time, as fine as its steps need it. */
  samples(family: Family, from: number, to: number, stepMs: number, now: number): FamilySamples {
    const inMemoryFrom = family.target.times[0] ?? now
    const fineFrom = this.#fineFrom(family, stepMs, now)
    const pieces: Piece[] = []
    this.#file.guarded(() => {
      if (from < fineFrom)
        pieces.push(...this.#kept.pieces('coarse', family, from, Math.min(to, fineFrom)))
      if (from < inMemoryFrom && to > fineFrom)
        pieces.push(
          ...this.#kept.pieces(
            'fine',
            family,
            Math.max(from, fineFrom),
            Math.min(to, inMemoryFrom),
          ),
        )
    })
    pieces.push(inMemory(family, from, to))
    return joinPieces(
      family,
      pieces.filter(({ times }) => times.length > 0),
      fineFrom,
    )
  }

  /** Samples of every ten seconds are taken where finer ones are gone, or would say no more. */
  #fineFrom(family: Family, stepMs: number, now: number): number {
    const gone = now - this.#limits.fineMs
    if (family.kind === 'gauge' || stepMs < coarseFromStepMs) return gone
    const rolled = (this.#kept.meta('rolled') ?? 0) * blockMs.coarse
    return Math.max(gone, Math.min(rolled, now - memoryMs))
  }

  spansOf({ family, coarseUntil }: FamilySamples): Spans {
    if (family.target.pushed) return { gapMs: () => gapMs.pushed, holdMs: () => holdMs.pushed }
    const grain = (from: number) => (from < coarseUntil + coarseStepMs ? 'coarse' : 'fine')
    return { gapMs: (from) => gapMs[grain(from)], holdMs: (from) => holdMs[grain(from)] }
  }

  /** Rolls up what is whole and not rolled up yet, a few families at a time so that others have their turn. */
  async rollUp(now: number): Promise<void> {
    const whole = Math.floor((now - 2 * blockMs.fine) / blockMs.coarse)
    const reaches = Math.floor((now - this.#limits.fineMs) / blockMs.coarse)
    const last = this.#kept.meta('rolled')
    const first = last === null || last > whole + 1 ? reaches : Math.max(last, reaches)
    for (let number = first; number < whole; number += 1) await this.#rollUpOne(number)
    if (last !== Math.max(first, whole)) this.#kept.setMeta('rolled', Math.max(first, whole))
  }

  async #rollUpOne(number: number): Promise<void> {
    for (const families of this.#portions()) {
      const blocks = families.flatMap((family) => {
        const from = number * blockMs.coarse
        const pieces = this.#kept.pieces('fine', family, from, from + blockMs.coarse - 1)
        const piece = rollUp(pieces, number)
        return piece === null ? [] : [{ family, number, piece }]
      })
      if (blocks.length > 0) this.#kept.writeCoarse(blocks)
      await turn()
    }
  }

  /** Deletes what is older than it may become. */
  async forget(now: number): Promise<void> {
    const { fineMs, coarseMs } = this.#limits
    for (const families of this.#portions()) {
      this.#kept.forgetBlocks(families, 'fine', now - fineMs - blockMs.fine, now)
      this.#kept.forgetBlocks(families, 'coarse', now - coarseMs - blockMs.coarse, now)
      await turn()
    }
    this.#kept.saveCatalogue(this.registry, this.registry.forget(now - coarseMs))
  }

  *#portions(): Generator<Family[]> {
    const all = this.registry.targets().flatMap((target) => [...target.families.values()])
    for (let at = 0; at < all.length; at += atOnce) yield all.slice(at, at + atOnce)
  }
}
