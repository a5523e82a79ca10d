import { formatElapsed } from '../format/duration.ts'
import { climbing, failedMeanwhile } from '../live/climbing.ts'
import { isLive, now } from '../live/live.ts'
import { hrefOf } from '../route.ts'
import { Icon } from './icon.tsx'

/** What goes on while the system changes: which step of how many, in words, since when, and at what cost. */
export function ClimbBanner() {
  const climb = climbing.value
  if (climb === null) return null
  const going = climb.steps.findLast(({ state }) => state === 'going') ?? climb.steps.at(-1)
  const failed = failedMeanwhile.value
  return (
    <section class="card climb-banner" aria-label="Climb">
      <div class="climb-line">
        <span class={`chip ${climb.isTurned ? 'is-late' : ''}`}>
          <Icon name={climb.isTurned ? 'undo' : 'ladder'} size={14} />
          {climb.isTurned ? 'Going back' : 'Climbing'}
        </span>
        <strong class="climb-step">
          {climb.step}/{climb.of}
        </strong>
        <span class="climb-sentence">{going?.sentence ?? climb.sentence}</span>
        {climb.begunAt === null || !isLive.value ? null : (
          <span class="climb-fact">
            <Icon name="clock" size={14} />
            {formatElapsed(now.value - climb.begunAt)}
          </span>
        )}
        <span class={`climb-fact${failed !== null && failed > 0 ? ' is-bad' : ''}`}>
          {failed === null ? 'failed requests unknown' : `${failed} failed requests`}
        </span>
        <a href={hrefOf('ladder')}>Steps</a>
      </div>
      <progress
        value={climb.step}
        max={Math.max(1, climb.of)}
        aria-label={`Step ${climb.step} of ${climb.of}`}
      />
    </section>
  )
}
