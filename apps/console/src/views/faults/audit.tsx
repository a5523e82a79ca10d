import type { AuditEntry } from '@banyan/control/api'
import { useEffect } from 'preact/hooks'
import { get } from '../../api/ask.ts'
import { formatMs } from '../../format/duration.ts'
import { formatClockSeconds } from '../../format/time.ts'
import { isLive, live } from '../../live/live.ts'
import { ErrorNote } from '../../ui/notes.tsx'
import { useRequest } from '../../ui/use-request.ts'

const shownMax = 50

/** Who asked for what, and what came of it. */
export function Audit() {
  const request = useRequest<readonly AuditEntry[]>()
  const { run } = request
  const last = live.events.value.at(-1)?.at
  const alive = isLive.value
  useEffect(() => {
    if (!alive) return
    const timer = setTimeout(() => void run(() => get('/api/audit')), 300)
    return () => clearTimeout(timer)
  }, [last, alive])
  const entries = (request.answer.value ?? []).slice(0, shownMax)
  return (
    <section class="card audit" aria-labelledby="audit-title">
      <h2 id="audit-title">Audit log</h2>
      <ErrorNote error={request.error.value} />
      {entries.length === 0 ? (
        <p class="muted">Nobody has asked for anything yet.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
        <section class="table-box" aria-label="Entries of the audit log" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">Outcome</th>
                <th scope="col" class="number">
                  Took
                </th>
              </tr>
            </thead>
            <tbody>
              {entries.map(({ at, who, action, target, outcome, code, ms }) => (
                <tr key={`${at}-${action}-${who}`}>
                  <td>{formatClockSeconds(at)}</td>
                  <td class="mono">{who}</td>
                  <td>
                    {action} {target}
                  </td>
                  <td class={outcome === 'done' ? '' : 'is-bad'}>
                    {outcome}
                    {code === null ? null : <span class="mono audit-code">{code}</span>}
                  </td>
                  <td class="number">{formatMs(ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}
