import { formatClockSeconds } from '../../format/time.ts'
import { live } from '../../live/live.ts'
import { Icon } from '../../ui/icon.tsx'
import type { IconName } from '../../ui/icons.ts'
import { recentOf } from './recent-events.ts'

/** What control said last, below the drawing of what came of it. */
export function Recent() {
  const lines = recentOf(live.events.value)
  if (lines.length === 0) return null
  return (
    <section class="recent" aria-labelledby="recent-title">
      <h2 id="recent-title">Last said</h2>
      <ol>
        {lines.map(({ key, at, sentence, look }) => (
          <li key={key}>
            <time class="muted" dateTime={at}>
              {formatClockSeconds(at)}
            </time>
            <Icon name={look as IconName} size={14} />
            <span>{sentence}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
