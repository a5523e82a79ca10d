import type { RungStatus } from '@banyan/control/api'
import { useEffect, useRef } from 'preact/hooks'
import { formatClockSeconds } from '../../format/time.ts'
import { climbing } from '../../live/climbing.ts'
import { isLive } from '../../live/live.ts'
import { Icon } from '../../ui/icon.tsx'
import type { IconName } from '../../ui/icons.ts'
import { type Direction, PlanPanel } from './plan-panel.tsx'

const looks: Readonly<
  Record<
    RungStatus['state'],
    { readonly icon: IconName; readonly state: string; readonly words: string }
  >
> = {
  held: { icon: 'healthy', state: 'healthy', words: 'holds' },
  open: { icon: 'up', state: 'starting', words: 'open' },
  refused: { icon: 'failed', state: 'failed', words: 'refused here' },
  later: { icon: 'later', state: 'stopped', words: 'comes later' },
}

type Props = {
  readonly rung: RungStatus
  readonly since: number | null
  readonly isNamed: boolean
  readonly planned: Direction | null
  readonly onPlan: (direction: Direction | null) => void
}

/** A rung: what it adds, the problem it answers, and the way there or back. */
export function RungRow({ rung, since, isNamed, planned, onPlan }: Props) {
  const { name, number, needs, adds, answers, state, obstacles } = rung
  const place = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (isNamed) place.current?.scrollIntoView({ block: 'center' })
  }, [isNamed])
  const look = looks[state]
  const direction = state === 'held' ? 'shrink' : 'grow'
  // The first is what a system is: only its end takes it away.
  const isFirst = rung.needs.length === 0
  return (
    <li ref={place} class={`rung is-${state} state-${look.state}${isNamed ? ' is-named' : ''}`}>
      <span class="rung-mark">
        <Icon name={look.icon} size={16} />
      </span>
      <div class="rung-body">
        <div class="rung-head">
          <span class="rung-number">{number}</span>
          <h2>{name}</h2>
          <span class={`badge state-${look.state}`}>
            {look.words}
            {since === null ? '' : ` since ${formatClockSeconds(since)}`}
          </span>
          {needs.length === 0 || state === 'held' ? null : (
            <span class="muted">needs {needs.join(', ')}</span>
          )}
        </div>
        <p>{adds}</p>
        <p class="rung-answers">{answers}</p>
        {obstacles.map((obstacle) => (
          <p key={obstacle} class="rung-obstacle">
            <Icon name="warn" size={14} />
            {obstacle}
          </p>
        ))}
        {planned === null ? null : (
          <PlanPanel rung={name} direction={planned} onClose={() => onPlan(null)} />
        )}
      </div>
      {planned === null && (state === 'open' || (state === 'held' && !isFirst)) ? (
        <button
          type="button"
          class={`button rung-button${state === 'held' ? ' plain' : ''}`}
          aria-label={`Plan to ${direction} ${name}`}
          disabled={!isLive.value || climbing.value !== null}
          onClick={() => onPlan(direction)}
        >
          {state === 'open' ? 'Plan…' : 'Shrink…'}
        </button>
      ) : null}
    </li>
  )
}
