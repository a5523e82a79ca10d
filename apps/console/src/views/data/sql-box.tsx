import type { DataAnswer } from '@banyan/control/api'
import { useRef, useState } from 'preact/hooks'
import { type ApiError, asApiError, post } from '../../api/ask.ts'
import { Icon } from '../../ui/icon.tsx'
import { AnswerTable } from './answer-table.tsx'
import { remembered } from './history.ts'
import { placeOf } from './sql-error.ts'
import { sqlRun, sqlTyped } from './typed.ts'

type Outcome =
  | { readonly state: 'none' }
  | { readonly state: 'running'; readonly sql: string }
  | { readonly state: 'ready'; readonly answer: DataAnswer }
  | { readonly state: 'failed'; readonly error: ApiError; readonly sql: string }

/** A box for statements that read. Ctrl+Enter runs what stands in it. */
export function SqlBox() {
  const [outcome, setOutcome] = useState<Outcome>({ state: 'none' })
  const running = useRef<AbortController | null>(null)
  const run = () => {
    const sql = sqlTyped.value.trim()
    if (sql === '') return
    running.current?.abort()
    const abort = new AbortController()
    running.current = abort
    sqlRun.value = remembered(sqlRun.value, sql)
    setOutcome({ state: 'running', sql })
    post<DataAnswer>('/api/data/query', { sql }, abort.signal).then(
      (answer) => {
        if (!abort.signal.aborted) setOutcome({ state: 'ready', answer })
      },
      (thrown) => {
        if (!abort.signal.aborted) setOutcome({ state: 'failed', error: asApiError(thrown), sql })
      },
    )
  }
  const stop = () => {
    running.current?.abort()
    setOutcome({ state: 'none' })
  }
  return (
    <section aria-labelledby="sql-title">
      <h2 id="sql-title">SQL</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          run()
        }}
      >
        <label class="sr-only" for="sql">
          A statement that reads
        </label>
        <textarea
          id="sql"
          class="field mono"
          rows={5}
          spellcheck={false}
          autocomplete="off"
          placeholder="select …"
          aria-describedby="sql-help"
          value={sqlTyped.value}
          onInput={(event) => {
            sqlTyped.value = event.currentTarget.value
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
            event.preventDefault()
            run()
          }}
        />
        <div class="sql-bar">
          <button type="submit" class="button primary" disabled={outcome.state === 'running'}>
            <Icon name="play" />
            Run
          </button>
          {outcome.state === 'running' ? (
            <button type="button" class="button" onClick={stop}>
              Do not wait
            </button>
          ) : null}
          <History />
          <p class="muted" id="sql-help">
            Ctrl+Enter runs it, as the app’s role and read-only; at most 500 rows, 1 MiB and 5 s.
          </p>
        </div>
      </form>
      <div aria-live="polite">
        {outcome.state === 'running' ? <p class="muted">Asking the database …</p> : null}
        {outcome.state === 'failed' ? <SqlError {...outcome} /> : null}
        {outcome.state === 'ready' ? <AnswerTable answer={outcome.answer} /> : null}
      </div>
    </section>
  )
}

function History() {
  if (sqlRun.value.length === 0) return null
  return (
    <label class="history">
      <span class="sr-only">Statements that were run</span>
      <select
        class="field"
        value=""
        onChange={(event) => {
          sqlTyped.value = event.currentTarget.value
          document.getElementById('sql')?.focus()
        }}
      >
        <option value="">History …</option>
        {sqlRun.value.map((sql) => (
          <option key={sql} value={sql}>
            {sql.replace(/\s+/g, ' ').slice(0, 80)}
          </option>
        ))}
      </select>
    </label>
  )
}

/** What the database says, and where in the statement. */
function SqlError({ error, sql }: { readonly error: ApiError; readonly sql: string }) {
  const { position } = error.details
  const place = typeof position === 'number' ? placeOf(sql, position) : null
  return (
    <div class="note bad sql-error" role="alert">
      <Icon name="failed" />
      <div>
        <p>{error.message}</p>
        {place === null ? null : (
          <>
            <p class="muted">
              Line {place.line}, column {place.column}:
            </p>
            <pre>
              {place.before}
              <mark>{place.at === '' ? ' ' : place.at}</mark>
              {place.after}
            </pre>
          </>
        )}
        {error.hint === null ? null : <p class="muted">{error.hint}</p>}
      </div>
    </div>
  )
}
