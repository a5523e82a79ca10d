import type { DataAnswer } from '@banyan/control/api'
import { useState } from 'preact/hooks'
import { formatMs } from '../../format/duration.ts'
import { formatCount } from '../../format/number.ts'
import { asJson, asTsv } from './copied.ts'

/** What a statement answered. NULL looks like nothing that a text could be. */
export function AnswerTable({ answer }: { readonly answer: DataAnswer }) {
  const { columns, rows, cut, ms, answeredBy } = answer
  return (
    <div class="answer">
      <div class="answer-head">
        <p class="muted">
          {formatCount(rows.length)} {rows.length === 1 ? 'row' : 'rows'} from {answeredBy} in{' '}
          {formatMs(ms)}
        </p>
        {cut ? (
          <p class="chip cut">cut at {formatCount(rows.length)} rows: there are more</p>
        ) : null}
        <span class="copies">
          <Copy name="TSV" text={() => asTsv(answer)} />
          <Copy name="JSON" text={() => asJson(answer)} />
        </span>
      </div>
      {columns.length === 0 ? null : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
        <section class="card scrolls rows" aria-label="The answer" tabIndex={0}>
          <table class="table">
            <thead>
              <tr>
                {columns.map((name, at) => (
                  <th key={at} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, at) => (
                <tr key={at}>
                  {row.map((value, place) => (
                    <td key={place} class={/^-?\d[\d.]*$/.test(value ?? '') ? 'number' : ''}>
                      {value === null ? <i class="null">NULL</i> : value}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  )
}

function Copy({ name, text }: { readonly name: string; readonly text: () => string }) {
  const [said, setSaid] = useState('')
  const copy = () =>
    navigator.clipboard.writeText(text()).then(
      () => setSaid('copied'),
      () => setSaid('the browser does not let us copy'),
    )
  return (
    <button
      type="button"
      class="button small"
      onClick={() => {
        void copy()
      }}
    >
      Copy as {name}
      {said === '' ? '' : `: ${said}`}
    </button>
  )
}
