import type { BusinessAnswer } from '@banyan/store/api'
import { formatCount, formatRatio } from '../../format/number.ts'
import { readBusiness } from '../../store/store.ts'
import { Skeleton } from '../../store/trouble.tsx'
import { useKept } from '../../store/use-kept.ts'
import { barsOf } from './bars.ts'
import '../../ui/table.css'

type Metric = BusinessAnswer['metrics'][number]

const everyMs = 30_000
const box = { width: 200, height: 36 }

/** What the app counts of itself, from the events that it records. */
export function Business() {
  const [answer] = useKept('business', everyMs, readBusiness)
  if (answer.state === 'failed') return <p class="muted">Not known now.</p>
  const known = answer.state === 'ready' ? answer.value : answer.before
  if (known === null) return <Skeleton lines={3} label="Asking for business metrics" />
  if (known.metrics.length === 0)
    return (
      <p class="muted">
        The app declares none. Name them below <code>telemetry.business</code> in{' '}
        <code>banyan.config.ts</code>, and record events with <code>record()</code>.
      </p>
    )
  return (
    <ul class="business">
      {known.metrics.map((metric) => (
        <BusinessCard key={metric.name} metric={metric} />
      ))}
    </ul>
  )
}

function BusinessCard({ metric }: { readonly metric: Metric }) {
  const format = metric.unit === 'ratio' ? formatRatio : formatCount
  return (
    <li class="card">
      <h3>{metric.name}</h3>
      <p class="value">
        {metric.value === null ? <span class="muted">not yet</span> : format(metric.value)}
      </p>
      {metric.value === null ? (
        <p class="muted">No day is over that it could be counted of.</p>
      ) : null}
      {metric.days.length === 0 ? null : <Days metric={metric} format={format} />}
    </li>
  )
}

/** A bar for each day; the table says the same. */
function Days({
  metric,
  format,
}: {
  readonly metric: Metric
  readonly format: (value: number | null) => string
}) {
  const bars = barsOf(
    metric.days.map(({ value }) => value),
    box,
  )
  const [first, last] = [metric.days[0], metric.days.at(-1)]
  return (
    <>
      <svg
        class="days"
        viewBox={`0 0 ${box.width} ${box.height}`}
        aria-hidden="true"
        preserveAspectRatio="none"
      >
        {bars.map((bar, at) =>
          bar === null ? null : <rect key={metric.days[at]?.day} {...bar} rx="1" />,
        )}
      </svg>
      <details>
        <summary class="muted">
          {first?.day === last?.day ? first?.day : `${first?.day} – ${last?.day}`}
        </summary>
        <table class="table">
          <tbody>
            {metric.days.toReversed().map(({ day, value }) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                <td class="number">{format(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  )
}
