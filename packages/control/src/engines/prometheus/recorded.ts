import { durationOf } from './duration.ts'
import type { RecordingRule, RuleOptions } from './rules.ts'

/** What Prometheus keeps of requests for the rules, by service. */
export const recorded = {
  all: 'banyan:requests:rate1m',
  failed: 'banyan:failed_requests:rate1m',
} as const

/** The window of both. A shorter one would see too few samples, and a longer one would tell of an outage later. */
const windowMs = 60_000

const entry = 'banyan_entry_requests_total'
const served = 'http_server_request_duration_seconds_count'

/**
 * As the entry counts them, since it also knows of requests that no server answered; where a web process is the
 * entry itself, as that one counts them. A service of which nothing failed has failed 0 times, not an unknown
 * number of times.
 */
export function recordingRules({ scale }: RuleOptions): RecordingRule[] {
  const window = durationOf(windowMs * scale)
  const either = (ofEntry: string, ofServed: string): string =>
    `${atEntry(ofEntry, window)} or ${atServer(ofServed, window)}`
  return [
    { record: recorded.all, expr: either('', '{service!=""}') },
    {
      record: recorded.failed,
      expr: `${either('{banyan_answer=~"5xx|aborted"}', '{service!="",http_response_status_code=~"5.."}')} or ${recorded.all} * 0`,
    },
  ]
}

const atEntry = (labels: string, window: string): string =>
  `sum by (banyan_service) (rate(${entry}${labels}[${window}]))`

const atServer = (labels: string, window: string): string =>
  `sum by (banyan_service) (label_replace(rate(${served}${labels}[${window}]), "banyan_service", "$1", "service", "(.+)"))`
