import { formatMs } from '../../format/duration.ts'
import { formatClock, formatClockSeconds } from '../../format/time.ts'
import type { ShownState } from '../../ui/health.ts'
import { Icon } from '../../ui/icon.tsx'
import type { IconName } from '../../ui/icons.ts'
import type { Incident, IncidentKind } from './incidents.ts'
import { costOf, phasesOf, sharesOf } from './phases.ts'

const looks: Readonly<
  Record<IncidentKind, { readonly icon: IconName; readonly state: ShownState }>
> = {
  killed: { icon: 'kill', state: 'failed' },
  paused: { icon: 'paused', state: 'paused' },
  partitioned: { icon: 'partitioned', state: 'partitioned' },
  failed: { icon: 'failed', state: 'failed' },
  switchover: { icon: 'swap', state: 'starting' },
}

/** What happened, as a bar of its phases and as a list with times. */
export function TimeLine({ incident }: { readonly incident: Incident }) {
  const { node, kind, at, entries, isOver } = incident
  const phases = phasesOf(incident)
  const shares = sharesOf(phases)
  const { icon, state } = looks[kind]
  return (
    <article
      class={`card time-line state-${state}`}
      aria-label={`${node} ${kind} at ${formatClockSeconds(at)}`}
    >
      <header>
        <span class={`badge filled state-${state}`}>
          <Icon name={icon} size={14} />
          {kind}
        </span>
        <h3>{node}</h3>
        <time class="muted" dateTime={new Date(at).toISOString()}>
          {formatClock(at)}
        </time>
        {isOver ? null : <span class="chip">goes on</span>}
      </header>
      <p>{costOf(incident)}</p>
      {phases.length < 2 ? null : (
        <div class="phases" aria-hidden="true">
          {phases.map(({ name, number, words, fromMs, toMs }, index) => (
            <div
              key={number}
              class={`phase ${name}`}
              style={{ width: `${shares[index] ?? 0}%` }}
              title={`${formatMs(toMs - fromMs)} ${words}`}
            >
              <span class="phase-bar">{number}</span>
              <span class="phase-ms">{sayExactly(toMs - fromMs)}</span>
            </div>
          ))}
        </div>
      )}
      <ol class="entries">
        {entries.map(({ ms, words, name, at }) => {
          const phase = phases.find(({ toMs, fromMs }) => toMs === ms && (ms > 0 || fromMs === 0))
          return (
            <li key={`${name}-${at}`}>
              <span class="entry-ms">
                {ms === 0 && name === kind ? formatClock(at) : `+${sayExactly(ms)}`}
              </span>
              <span>{words}</span>
              {phase === undefined || phases.length < 2 ? null : (
                <span class="entry-phase muted">{phase.number}</span>
              )}
            </li>
          )
        })}
      </ol>
    </article>
  )
}

/** In milliseconds as long as they mean something. */
const sayExactly = (ms: number): string => (ms < 10_000 ? `${Math.round(ms)} ms` : formatMs(ms))
