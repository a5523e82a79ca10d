import { useState } from 'preact/hooks'
import { formatSeconds } from '../../format/duration.ts'
import { formatCount, formatRate, formatRatio } from '../../format/number.ts'
import { hrefOf } from '../../route.ts'
import { queryMetric } from '../../store/store.ts'
import { Skeleton } from '../../store/trouble.tsx'
import { useKept } from '../../store/use-kept.ts'
import { range } from './feeds.ts'
import {
  countAsk,
  knownSpan,
  percentileAsks,
  type RouteColumn,
  type RouteRow,
  routeRows,
  sortRows,
} from './routes.ts'
import type { Window } from './window.ts'
import '../../ui/table.css'

/** Counts are added up from so many parts of the window. */
const steps = 30

/** A whole window is much to add up: it is asked for not more often than this. */
const everyMs = 5_000

const columns: readonly { readonly name: RouteColumn; readonly title: string }[] = [
  { name: 'route', title: 'Route' },
  { name: 'count', title: 'Requests' },
  { name: 'perS', title: 'Rate' },
  { name: 'errors', title: '5xx' },
  { name: 'p50', title: 'p50' },
  { name: 'p95', title: 'p95' },
  { name: 'p99', title: 'p99' },
]

/** Each route over the window that is shown; its name leads to its traces. */
export function RouteTable({ window }: { readonly window: Window }) {
  const [column, setColumn] = useState<RouteColumn>('count')
  const [answer] = useKept(JSON.stringify(range.value), everyMs, (signal) =>
    askRoutes(window, signal),
  )
  const rows =
    answer.state === 'ready' ? answer.value : answer.state === 'loading' ? answer.before : []
  if (rows === null) return <Skeleton lines={4} label="Asking for the routes" />
  if (rows.length === 0)
    return (
      <p class="muted no-routes">
        {answer.state === 'failed'
          ? 'Not known now.'
          : 'No request reached a web process in this time.'}
      </p>
    )
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
    <section class="card scrolls" tabIndex={0} aria-label="Routes">
      <table class="table routes">
        <thead>
          <tr>
            {columns.map(({ name, title }) => (
              <th
                key={name}
                scope="col"
                class={name === 'route' ? '' : 'number'}
                aria-sort={
                  column === name ? (name === 'route' ? 'ascending' : 'descending') : 'none'
                }
              >
                <button type="button" onClick={() => setColumn(name)}>
                  {title}
                  <span aria-hidden="true">
                    {column === name ? (name === 'route' ? ' ↑' : ' ↓') : ''}
                  </span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sortRows(rows, column).map((row) => (
            <Row key={row.key} row={row} window={window} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Row({ row, window }: { readonly row: RouteRow; readonly window: Window }) {
  const traces = hrefOf('traces', {
    route: row.route,
    order: 'slowest',
    from: window.from,
    to: window.to,
  })
  return (
    <tr>
      <th scope="row">
        <span class="method">{row.method}</span>{' '}
        {row.route === '' ? <span class="muted">no route</span> : <a href={traces}>{row.route}</a>}
      </th>
      <td class="number">{formatCount(row.count)}</td>
      <td class="number">{formatRate(row.perS)}</td>
      <td class={row.errors > 0 ? 'number is-bad' : 'number'}>
        {row.errors > 0
          ? `${formatCount(row.errors)} (${formatRatio(row.errors / row.count)})`
          : '0'}
      </td>
      <td class="number">{formatSeconds(row.p50)}</td>
      <td class="number">{formatSeconds(row.p95)}</td>
      <td class="number">{formatSeconds(row.p99)}</td>
    </tr>
  )
}

const askRoutes = async (window: Window, signal: AbortSignal): Promise<RouteRow[]> => {
  const stepMs = Math.max(window.stepMs, Math.ceil((window.to - window.from) / steps / 1000) * 1000)
  const counts = await queryMetric({ ...countAsk, ...window, stepMs }, signal)
  const span = knownSpan(counts, window.from)
  if (span === null) return []
  const asked = percentileAsks.map((ask) =>
    queryMetric({ ...ask, ...span, stepMs: span.to - span.from }, signal),
  )
  return routeRows(counts, await Promise.all(asked), span.to - span.from)
}
