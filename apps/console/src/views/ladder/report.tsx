import type { ClimbReport } from '@banyan/control/api'
import { ApiError } from '../../api/ask.ts'
import { formatMs } from '../../format/duration.ts'
import { formatClockSeconds } from '../../format/time.ts'
import { Icon } from '../../ui/icon.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { type EndedClimb, outcomeWords, titleOf } from './climb-words.ts'
import { StepsOf } from './step-list.tsx'

/** How a climb went: its figures first, its steps for whoever opens it. */
export function Report({
  climb,
  isOpen,
}: {
  readonly climb: EndedClimb
  readonly isOpen: boolean
}) {
  const { at, report } = climb
  const isDone = report.outcome === 'done'
  return (
    <details class="report" open={isOpen}>
      <summary>
        <span
          class={`badge state-${isDone ? 'healthy' : report.outcome === 'undone' ? 'draining' : 'failed'}`}
        >
          <Icon
            name={isDone ? 'healthy' : report.outcome === 'undone' ? 'undo' : 'failed'}
            size={14}
          />
          {outcomeWords[report.outcome]}
        </span>
        <strong>{titleOf(report)}</strong>
        <time class="muted" dateTime={new Date(at).toISOString()}>
          {formatClockSeconds(at)}
        </time>
      </summary>
      <dl class="report-figures">
        {figuresOf(report).map(([term, value, isBad]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd class={isBad ? 'is-bad' : undefined}>{value}</dd>
          </div>
        ))}
      </dl>
      {report.reason === null ? null : <ErrorNote error={new ApiError(0, report.reason)} />}
      <StepsOf report={report} />
    </details>
  )
}

function figuresOf(report: ClimbReport): readonly (readonly [string, string, boolean])[] {
  const { steps, totalMs, requests, longestWritePauseMs } = report
  const done = steps.filter(({ outcome }) => outcome === 'done').length
  return [
    ['Steps', `${done}/${steps.length}`, done < steps.length],
    ['Took', formatMs(totalMs), false],
    ['Failed requests', `${requests.failed} of ${requests.sent}`, requests.failed > 0],
    [
      'Longest write pause',
      longestWritePauseMs === null ? 'not measured' : formatMs(longestWritePauseMs),
      false,
    ],
  ]
}
