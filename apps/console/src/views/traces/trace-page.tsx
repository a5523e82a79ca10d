import type { Span, Trace } from '@banyan/store/api'
import { useMemo, useState } from 'preact/hooks'
import { formatMs } from '../../format/duration.ts'
import { formatClock, formatDay } from '../../format/time.ts'
import { hrefOf } from '../../route.ts'
import { readTrace } from '../../store/store.ts'
import { Empty, Skeleton, Trouble } from '../../store/trouble.tsx'
import { useAnswer } from '../../store/use-answer.ts'
import { Icon } from '../../ui/icon.tsx'
import { SpanPanel } from './span-panel.tsx'
import { TraceLines } from './trace-lines.tsx'
import { waterfall } from './waterfall.ts'
import { Rows } from './waterfall-rows.tsx'
import './traces.css'

/** One trace: its spans as a waterfall, what each of them says, and its log lines. */
export function TracePage({ trace }: { readonly trace: string }) {
  const [answer, again] = useAnswer(trace, (signal) => readTrace(trace, signal))
  return (
    <div class="trace-page">
      <p class="back">
        <a
          href={hrefOf('traces')}
          onClick={(event) => {
            if (history.length < 2) return
            event.preventDefault()
            history.back()
          }}
        >
          <Icon name="undo" size={14} /> Back
        </a>
      </p>
      {answer.state === 'loading' ? <Skeleton lines={8} label="Asking for the trace" /> : null}
      {answer.state === 'failed' ? <Failed trace={trace} {...answer} again={again} /> : null}
      {answer.state === 'ready' ? <Shown trace={answer.value} /> : null}
    </div>
  )
}

function Failed({
  trace,
  error,
  again,
}: {
  readonly trace: string
  readonly error: Parameters<typeof Trouble>[0]['error']
  readonly again: () => void
}) {
  if (error.status !== 404) return <Trouble error={error} what="Traces" again={again} />
  return (
    <Empty title="This trace is not kept.">
      <p>
        It was not slow, ended in no error and was not in the share, or it is too old; or its spans
        are still on their way.
      </p>
      <p>
        <a href={hrefOf('logs', { trace })}>Its log lines</a> may be there.
      </p>
      <button type="button" class="button" onClick={again}>
        Look again
      </button>
    </Empty>
  )
}

function Shown({ trace }: { readonly trace: Trace }) {
  const fall = useMemo(() => waterfall(trace.spans), [trace])
  const [chosen, setChosen] = useState<string | null>(null)
  if (fall.rows.length === 0) return <Empty title="This trace has no spans." />
  const row = fall.rows.find(({ span }) => span.span === chosen) ?? null
  return (
    <>
      <header class="trace-head">
        <h2>{titleOf(fall.rows.map(({ span }) => span))}</h2>
        <dl>
          <Fact name="Took" value={formatMs(fall.durationMs)} />
          <Fact name="At" value={`${formatDay(fall.startsAt)} ${formatClock(fall.startsAt)}`} />
          <Fact name="Spans" value={spansOn(trace.spans.length, fall.nodes.length)} />
          <Fact
            name="Errors"
            value={fall.errors === 0 ? 'none' : `${fall.errors}`}
            isBad={fall.errors > 0}
          />
          <Fact name="Trace" value={trace.trace} isMono />
        </dl>
      </header>
      <div class={row === null ? 'trace-body' : 'trace-body has-panel'}>
        <Rows fall={fall} chosen={chosen} onChoose={setChosen} />
        {row === null ? null : (
          <SpanPanel row={row} onClose={() => setChosen(null)} nodes={fall.nodes} />
        )}
      </div>
      <TraceLines trace={trace} startsAt={fall.startsAt} />
    </>
  )
}

const spansOn = (spans: number, nodes: number): string =>
  `${spans} on ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`

/** The method and route, which the entry does not know: of the first span that has them. */
const titleOf = (spans: readonly Span[]): string => {
  const routed = spans.find(({ attributes }) => (attributes['http.route'] ?? '') !== '')
  if (routed === undefined) return spans[0]?.name ?? ''
  const { 'http.request.method': method, 'http.route': path } = routed.attributes
  return `${method ?? ''} ${path}`.trim()
}

function Fact({
  name,
  value,
  isBad,
  isMono,
}: {
  readonly name: string
  readonly value: string
  readonly isBad?: boolean
  readonly isMono?: boolean
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={[isBad ? 'is-bad' : '', isMono ? 'mono' : ''].join(' ').trim()}>{value}</dd>
    </div>
  )
}
