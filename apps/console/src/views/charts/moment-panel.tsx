import type { TraceSummary } from '@banyan/store/api'
import { useEffect, useRef } from 'preact/hooks'
import { formatMs } from '../../format/duration.ts'
import { formatClockSeconds } from '../../format/time.ts'
import { hrefOf } from '../../route.ts'
import { findTraces } from '../../store/store.ts'
import { Empty, Skeleton, Trouble } from '../../store/trouble.tsx'
import { useAnswer } from '../../store/use-answer.ts'
import { Icon } from '../../ui/icon.tsx'
import { TraceList } from '../traces/trace-list.tsx'
import { type Moment, tracesAt } from './moment.ts'

type Found = { readonly traces: readonly TraceSummary[]; readonly isWider: boolean }

/** Those that are as slow as the point that was clicked on; where none was kept, all of that moment. */
const findAt = async (moment: Moment, signal: AbortSignal): Promise<Found> => {
  const { traces } = await findTraces(tracesAt(moment), signal)
  if (traces.length > 0 || moment.minMs === null) return { traces, isWider: false }
  const wider = await findTraces(tracesAt({ ...moment, minMs: null }), signal)
  return { traces: wider.traces, isWider: true }
}

/** The traces of a moment of a chart, slowest first. */
export function MomentPanel({
  moment,
  onClose,
}: {
  readonly moment: Moment
  readonly onClose: () => void
}) {
  const [answer, again] = useAnswer(JSON.stringify(moment), (signal) => findAt(moment, signal))
  const close = useRef<HTMLButtonElement>(null)
  useFocusWhileOpen(close, moment.at)
  const { from, to } = tracesAt(moment)
  return (
    <div
      class="moment card"
      role="dialog"
      aria-labelledby="moment-title"
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose()
      }}
    >
      <header>
        <h2 id="moment-title">Traces around {formatClockSeconds(moment.at)}</h2>
        <button
          type="button"
          class="button plain icon"
          aria-label="Close"
          onClick={onClose}
          ref={close}
        >
          <Icon name="close" />
        </button>
      </header>
      <p class="links">
        <a href={hrefOf('logs', { from, to })}>Log lines of this moment</a>
        <a href={hrefOf('traces', { from, to, order: 'slowest' })}>Open as a list</a>
      </p>
      {answer.state === 'loading' ? <Skeleton label="Asking for traces" /> : null}
      {answer.state === 'failed' ? (
        <Trouble error={answer.error} what="Traces" again={again} />
      ) : null}
      {answer.state === 'ready' ? <Answered found={answer.value} moment={moment} /> : null}
    </div>
  )
}

function Answered({ found, moment }: { readonly found: Found; readonly moment: Moment }) {
  if (found.traces.length === 0)
    return (
      <Empty title="No trace of this moment was kept.">
        <p>
          Errors and slow requests always are; of the others a share, which{' '}
          <code>telemetry.traces.share</code> sets.
        </p>
      </Empty>
    )
  return (
    <>
      <p class="muted">
        {found.isWider && moment.minMs !== null
          ? `None as slow as ${formatMs(moment.minMs)} was kept; these are all of that moment.`
          : 'Slowest first.'}
      </p>
      <TraceList traces={found.traces} />
    </>
  )
}

/** The panel takes the focus, and gives it back to where it came from. */
const useFocusWhileOpen = (
  first: { readonly current: HTMLElement | null },
  opened: number,
): void => {
  // Another moment is another opening.
  useEffect(() => {
    const before = document.activeElement
    first.current?.focus({ preventScroll: true })
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [opened])
}
