import { durationOf } from './duration.ts'
import { nodeRules } from './node-rules.ts'
import { recordingRules } from './recorded.ts'
import { sloRules } from './slo-rules.ts'

/** An alert as Prometheus reads it. */
export type Rule = {
  readonly alert: string
  readonly expr: string
  /** How long it has to hold first. Absent: not at all. */
  readonly for?: string
  /** `page`: somebody has to do something now. `ticket`: within days. */
  readonly labels: { readonly severity: 'page' | 'ticket' }
  readonly annotations: {
    /** What is wrong, in one sentence. */
    readonly summary: string
    /** What it means, and what mends it. */
    readonly description: string
    /** What to do, one thing after another. */
    readonly runbook: string
  }
}

/** A series that Prometheus makes of others. */
export type RecordingRule = { readonly record: string; readonly expr: string }

export type Thresholds = {
  /** The part of all requests that is to be answered. */
  readonly availability: number
  /** As few failed requests are not worth an alert. */
  readonly failuresLeast: number
  readonly lagBytes: number
  readonly slotBytes: number
  /** The part of the disk that is free. */
  readonly diskFree: number
  readonly stepSeconds: number
}

export type RuleOptions = {
  /** All windows and waits times this: a test does not wait for three days. */
  readonly scale: number
  /** How often they are looked at. */
  readonly intervalMs: number
  readonly thresholds: Thresholds
}

/** What `rules.json` holds. JSON is YAML, so that Prometheus reads it. */
export type RuleFile = {
  readonly groups: readonly {
    readonly name: string
    readonly interval: string
    readonly rules: readonly (Rule | RecordingRule)[]
  }[]
}

const mebibyte = 1_048_576

const defaultThresholds: Thresholds = {
  availability: 0.999,
  failuresLeast: 5,
  lagBytes: 64 * mebibyte,
  slotBytes: 1_024 * mebibyte,
  diskFree: 0.1,
  stepSeconds: 900,
}

/**
 * The rules by which a system says that something is wrong.
 *
 * @example
 * alertsOf(rulesOf()).map(({ alert }) => alert)
 */
export function rulesOf(
  options: { readonly scale?: number; readonly thresholds?: Partial<Thresholds> } = {},
): RuleFile {
  const { scale = 1, thresholds } = options
  const intervalMs = scale === 1 ? 15_000 : 500
  const all = { scale, intervalMs, thresholds: { ...defaultThresholds, ...thresholds } }
  const interval = durationOf(intervalMs)
  return {
    groups: [
      { name: 'banyan-objectives', interval, rules: [...recordingRules(all), ...sloRules(all)] },
      { name: 'banyan-nodes', interval, rules: nodeRules(all) },
    ],
  }
}

/** The alerts among the rules. */
export const alertsOf = ({ groups }: RuleFile): readonly Rule[] =>
  groups.flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule))
