import { live } from '../../live/live.ts'
import { go, route } from '../../router.ts'
import { storeNow } from '../../store/clock.ts'
import { findTraces } from '../../store/store.ts'
import { Empty, Skeleton, Trouble } from '../../store/trouble.tsx'
import { useAnswer } from '../../store/use-answer.ts'
import { TimeFilter } from '../../ui/time-filter.tsx'
import {
  noTraceFilters,
  printTraceFilters,
  readTraceFilters,
  type TraceFilters,
  traceQueryOf,
} from './filters.ts'
import { TraceList } from './trace-list.tsx'
import '../../ui/filters.css'

const change = (filters: TraceFilters): void =>
  go('traces', printTraceFilters(filters), { replace: true })

/** The traces that are kept, and what they are looked through by. */
export function TracesPage() {
  const filters = readTraceFilters(route.value.params)
  const key = JSON.stringify(filters)
  const [answer, again] = useAnswer(key, (signal) =>
    findTraces(traceQueryOf(filters, storeNow()), signal),
  )
  const page =
    answer.state === 'ready' ? answer.value : answer.state === 'loading' ? answer.before : null
  return (
    <div class="traces">
      <TraceFields filters={filters} again={again} />
      {answer.state === 'failed' ? (
        <Trouble error={answer.error} what="Traces" again={again} />
      ) : null}
      {answer.state === 'loading' && page === null ? <Skeleton label="Asking for traces" /> : null}
      {page === null ? null : (
        <>
          <p class="muted" role="status">
            {page.traces.length === 0 ? '' : countWords(page.traces.length, filters)}
          </p>
          {page.traces.length === 0 ? (
            <NothingFound filters={filters} />
          ) : (
            <div class={answer.state === 'loading' ? 'card is-waiting' : 'card'}>
              <TraceList traces={page.traces} />
            </div>
          )}
        </>
      )}
    </div>
  )
}

const countWords = (count: number, { order }: TraceFilters): string =>
  `${count === 100 ? 'The first 100' : count} ${count === 1 ? 'trace' : 'traces'}, ${order} first`

function NothingFound({ filters }: { readonly filters: TraceFilters }) {
  const isFiltered = Object.keys(printTraceFilters({ ...filters, order: 'newest' })).length > 0
  return (
    <Empty title={isFiltered ? 'No trace that is kept fits.' : 'No trace is kept yet.'}>
      <p>
        Errors and slow requests are always kept; of the others a share, which{' '}
        <code>telemetry.traces.share</code> sets.
      </p>
      {isFiltered ? (
        <button type="button" class="button" onClick={() => change(noTraceFilters)}>
          Look through all of them
        </button>
      ) : null}
    </Empty>
  )
}

function TraceFields({
  filters,
  again,
}: {
  readonly filters: TraceFilters
  readonly again: () => void
}) {
  const with_ = (some: Partial<TraceFilters>) => change({ ...filters, ...some })
  return (
    <form
      class="filters"
      aria-label="Filters"
      onSubmit={(event) => {
        event.preventDefault()
        again()
      }}
    >
      <label class="grows">
        <span>Route</span>
        <input
          class="field"
          type="search"
          value={filters.route}
          placeholder="/api/articles/:slug"
          onChange={(event) => with_({ route: event.currentTarget.value })}
        />
      </label>
      <label>
        <span>Node</span>
        <select
          class="field"
          value={filters.node}
          onChange={(event) => with_({ node: event.currentTarget.value })}
        >
          <option value="">any</option>
          {nodesWith(filters.node).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>At least</span>
        <span class="with-unit">
          <input
            class="field"
            type="number"
            min="0"
            step="any"
            value={filters.minMs ?? ''}
            onChange={(event) => with_({ minMs: minOf(event.currentTarget.value) })}
          />
          <span aria-hidden="true">ms</span>
        </span>
      </label>
      <label>
        <span>Order</span>
        <select
          class="field"
          value={filters.order}
          onChange={(event) =>
            with_({ order: event.currentTarget.value === 'slowest' ? 'slowest' : 'newest' })
          }
        >
          <option value="newest">newest first</option>
          <option value="slowest">slowest first</option>
        </select>
      </label>
      <TimeFilter time={filters.time} onChange={(time) => with_({ time })} />
      <label class="check">
        <input
          type="checkbox"
          checked={filters.errors}
          onChange={(event) => with_({ errors: event.currentTarget.checked })}
        />
        <span>Errors only</span>
      </label>
      <button type="submit" class="button">
        Look again
      </button>
    </form>
  )
}

const minOf = (text: string): number | null => {
  const value = Number.parseFloat(text)
  return Number.isFinite(value) && value > 0 ? value : null
}

/** The nodes that there are, and the one that an old link names. */
const nodesWith = (name: string): readonly string[] => {
  const names = live.placed.value.map((node) => node.name)
  return name === '' || names.includes(name) ? names : [name, ...names]
}
