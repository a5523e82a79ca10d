import { durationOf } from './duration.ts'
import { recorded } from './recorded.ts'
import type { Rule, RuleOptions } from './rules.ts'

/*
 * Alerts by burn rate, as in chapter 5 of Google's "Site Reliability Workbook": how many times faster than it
 * may the budget of errors is being used up. The long window says that it matters; the short one, a twelfth
 * of it, that it goes on, so that an alert ends soon after its cause.
 */

type Burn = {
  readonly name: string
  /** How many times as fast as would use up the budget in 30 days. */
  readonly rate: number
  readonly longMs: number
  readonly shortMs: number
  readonly severity: Rule['labels']['severity']
  /** What is gone after the long window. */
  readonly spent: string
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

export const burns: readonly Burn[] = [
  {
    name: 'BanyanErrorBudgetBurnsFast',
    rate: 14.4,
    longMs: hour,
    shortMs: 5 * minute,
    severity: 'page',
    spent: '2% of the budget of 30 days in an hour',
  },
  {
    name: 'BanyanErrorBudgetBurns',
    rate: 6,
    longMs: 6 * hour,
    shortMs: 30 * minute,
    severity: 'page',
    spent: '5% of the budget of 30 days in six hours',
  },
  {
    name: 'BanyanErrorBudgetBurnsSlowly',
    rate: 1,
    longMs: 3 * day,
    shortMs: 6 * hour,
    severity: 'ticket',
    spent: '10% of the budget of 30 days in three days',
  },
]

/** A rule for each burn rate; services are judged apart, since one may be well while another is not. */
export function sloRules(options: RuleOptions): Rule[] {
  return burns.map((burn) => sloRule(burn, options))
}

function sloRule(burn: Burn, { scale, intervalMs, thresholds }: RuleOptions): Rule {
  const budget = 1 - thresholds.availability
  const limit = Number((burn.rate * budget).toPrecision(6))
  const long = durationOf(burn.longMs * scale)
  const percent = Number((thresholds.availability * 100).toPrecision(6))
  const most = Number((limit * 100).toPrecision(3))
  const seconds = intervalMs / 1_000
  return {
    alert: burn.name,
    expr: [
      `${ratioOver(burn.longMs, scale)} > ${limit}`,
      `${ratioOver(burn.shortMs, scale)} > ${limit}`,
      // One error of a service that hardly anybody asks is nothing to wake somebody for.
      `sum_over_time(${recorded.failed}[${long}]) * ${seconds} >= ${thresholds.failuresLeast}`,
    ].join(' and '),
    labels: { severity: burn.severity },
    annotations: {
      summary: `{{ $labels.banyan_service }}: {{ $value | humanizePercentage }} of the requests failed in the last ${durationOf(burn.longMs)}.`,
      description: `${percent}% of the requests are to be answered; more than ${most}% failed, in the last ${durationOf(burn.longMs)} and in the last ${durationOf(burn.shortMs)}. That is ${burn.rate} times as much as may fail, or ${burn.spent}. Look at what fails: "banyan logs {{ $labels.banyan_service }}", and the traces with errors in the console. Where a release brought it: "banyan undo".`,
      runbook:
        '1. banyan status: is a node or the database not well? What it says comes first. 2. Did it begin with a release? banyan undo brings the one before back. 3. Else the log lines of level error, and the traces with errors, say which route fails, and why.',
    },
  }
}

/** Both rates are kept at each look, so that a ratio over three days is that of few samples. */
function ratioOver(windowMs: number, scale: number): string {
  const window = durationOf(windowMs * scale)
  return `(avg_over_time(${recorded.failed}[${window}]) / avg_over_time(${recorded.all}[${window}]))`
}
