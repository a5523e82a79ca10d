import type { TraceSummary } from '@banyan/store/api'
import { formatMs } from '../../format/duration.ts'
import { formatMoment } from '../../format/time.ts'
import { hrefOf } from '../../route.ts'
import { storeNow } from '../../store/clock.ts'
import { Icon } from '../../ui/icon.tsx'
import './traces.css'

/** Traces, each of which leads to its waterfall; a bar says how long it took beside the slowest of them. */
export function TraceList({ traces }: { readonly traces: readonly TraceSummary[] }) {
  const slowest = Math.max(1e-6, ...traces.map(({ durationMs }) => durationMs))
  return (
    <ul class="trace-list">
      {traces.map((trace) => (
        <li key={trace.trace}>
          <a href={hrefOf('traces', { trace: trace.trace })}>
            <span class="name">{trace.name}</span>
            <span class="lasted">{formatMs(trace.durationMs)}</span>
            <span class="length" aria-hidden="true">
              <span style={{ width: `${(trace.durationMs / slowest) * 100}%` }} />
            </span>
            <span class="trace-facts">
              <Outcome trace={trace} />
              <span class="mono">{formatMoment(trace.at, storeNow())}</span>
              <span>{trace.nodes.join(', ')}</span>
              <span>
                {trace.spans} {trace.spans === 1 ? 'span' : 'spans'}
              </span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  )
}

function Outcome({ trace }: { readonly trace: TraceSummary }) {
  if (!trace.error) return trace.status === null ? null : <span>{trace.status}</span>
  return (
    <span class="is-bad">
      <Icon name="failed" size={13} /> {trace.status ?? 'error'}
    </span>
  )
}
