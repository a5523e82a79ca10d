import type { ClimbReport, ControlEvent, PromotionStatus } from '../api/types.ts'

const directions = ['grow', 'shrink', 'release', 'undo'] as const
const outcomes = ['done', 'undone', 'failed'] as const
const reasons = ['failover', 'switchover', 'accept-loss'] as const

export type Counted<Labels> = Labels & { readonly count: number }

/** What control has done so far, from what it said. */
export type TallySample = {
  readonly climbs: readonly Counted<{
    readonly direction: ClimbReport['direction']
    readonly outcome: ClimbReport['outcome']
  }>[]
  readonly isClimbing: boolean
  /** 0 without a step that goes on. */
  readonly stepSeconds: number
  readonly writePauseSeconds: number
  readonly promotions: readonly Counted<{ readonly reason: PromotionStatus['reason'] }>[]
  readonly lastPromotion: PromotionStatus | null
}

/**
 * Counts climbs and promotions. Each begins at 0 with control, so that the first of its kind is an increase too.
 */
export class Tally {
  readonly #counts = new Map<string, number>()
  #climb: string | null = null
  #stepSinceMs: number | null = null
  #writePauseMs = 0
  #lastPromotion: PromotionStatus | null = null

  /** @param nowMs a monotonic clock in milliseconds */
  hear(event: ControlEvent, nowMs: number): void {
    if (event.type === 'step') this.#stepSinceMs = event.outcome === 'begun' ? nowMs : null
    if (event.type === 'climb') this.#hearClimb(event.climb, event.report)
    if (event.type === 'promotion') {
      this.#count(event.promotion.reason)
      this.#lastPromotion = event.promotion
    }
  }

  #hearClimb(climb: string, report: ClimbReport | null): void {
    this.#climb = report === null ? climb : null
    if (report === null) return
    this.#stepSinceMs = null
    this.#count(`${report.direction} ${report.outcome}`)
    this.#writePauseMs = report.longestWritePauseMs ?? 0
  }

  #count(what: string): void {
    this.#counts.set(what, this.#countOf(what) + 1)
  }

  #countOf = (what: string): number => this.#counts.get(what) ?? 0

  sample(nowMs: number): TallySample {
    const sinceMs = this.#stepSinceMs
    return {
      climbs: directions.flatMap((direction) =>
        outcomes.map((outcome) => {
          const count = this.#countOf(`${direction} ${outcome}`)
          return { direction, outcome, count }
        }),
      ),
      isClimbing: this.#climb !== null || sinceMs !== null,
      stepSeconds: sinceMs === null ? 0 : (nowMs - sinceMs) / 1000,
      writePauseSeconds: this.#writePauseMs / 1000,
      promotions: reasons.map((reason) => ({ reason, count: this.#countOf(reason) })),
      lastPromotion: this.#lastPromotion,
    }
  }
}
