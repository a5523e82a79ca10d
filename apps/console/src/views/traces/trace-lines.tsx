import type { Trace } from '@banyan/store/api'
import { useState } from 'preact/hooks'
import { hrefOf } from '../../route.ts'
import { findLines } from '../../store/store.ts'
import { Skeleton, Trouble } from '../../store/trouble.tsx'
import { useAnswer } from '../../store/use-answer.ts'
import { LineList } from '../logs/line-list.tsx'

const most = 200

/** What was written while the trace was under way, by whoever wrote its id, oldest first. */
export function TraceLines({
  trace,
  startsAt,
}: {
  readonly trace: Trace
  readonly startsAt: number
}) {
  const [open, setOpen] = useState<string | null>(null)
  const [answer, again] = useAnswer(trace.trace, (signal) =>
    findLines({ trace: trace.trace, limit: most }, signal),
  )
  return (
    <section class="trace-lines" aria-label="Log lines">
      <h2>Log lines</h2>
      {answer.state === 'loading' ? <Skeleton lines={3} label="Asking for log lines" /> : null}
      {answer.state === 'failed' ? (
        <Trouble error={answer.error} what="Logs" again={again} />
      ) : null}
      {answer.state === 'ready' && answer.value.lines.length === 0 ? (
        <p class="muted">No line carries the id of this trace.</p>
      ) : null}
      {answer.state === 'ready' && answer.value.lines.length > 0 ? (
        <>
          <div class="card">
            <LineList
              lines={answer.value.lines.toReversed()}
              since={startsAt}
              open={open}
              onOpen={setOpen}
            />
          </div>
          <p class="muted">
            <a href={hrefOf('logs', { trace: trace.trace })}>Open in logs</a>
            {answer.value.before === null ? '' : ` – these are the last ${most}`}
          </p>
        </>
      ) : null}
    </section>
  )
}
