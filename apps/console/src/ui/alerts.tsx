import { formatClockSeconds } from '../format/time.ts'
import { live } from '../live/live.ts'
import { Icon } from './icon.tsx'

/** What Prometheus says is wrong, the oldest first; nothing where nothing is, or where nobody watches. */
export function Alerts() {
  const alerts = live.status.value?.alerts ?? []
  if (alerts.length === 0) return null
  return (
    <section class="card alerts" aria-label="Alerts">
      <ul>
        {alerts.map(({ name, severity, since, sentence }) => (
          <li key={`${name} ${sentence}`}>
            <span class={`badge state-${severity === 'page' ? 'failed' : 'draining'} filled`}>
              <Icon name="warn" size={14} />
              {severity}
            </span>
            <strong>{name}</strong>
            <span class="alert-sentence">{sentence}</span>
            <time class="muted" dateTime={since}>
              since {formatClockSeconds(since)}
            </time>
          </li>
        ))}
      </ul>
    </section>
  )
}
