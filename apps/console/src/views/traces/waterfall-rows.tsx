import { useRef, useState } from 'preact/hooks'
import { formatMs, formatOffset } from '../../format/duration.ts'
import { Icon } from '../../ui/icon.tsx'
import { foldable, foldedAfter, type Shown, shownRows } from './fold.ts'
import { ticksOf } from './scale.ts'
import { type Fold, steer } from './steer.ts'
import type { Row, Waterfall } from './waterfall.ts'

/** Deeper than this, a row is moved in no further: there would be no room for its name. */
const deepest = 12

/** The colour of a node's bars; its name stands in the row as well. */
const colourOf = (nodes: readonly string[], node: string): string =>
  `var(--series-${(nodes.indexOf(node) % 7) + 1})`

/** All spans, one below the other, on one axis. Arrows lead from row to row and fold, Enter chooses one. */
export function Rows({
  fall,
  chosen,
  onChoose,
}: {
  readonly fall: Waterfall
  readonly chosen: string | null
  readonly onChoose: (span: string | null) => void
}) {
  const list = useRef<HTMLOListElement>(null)
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set())
  const fold: Fold = (span, isFolded) => setFolded((before) => foldedAfter(before, span, isFolded))
  const shown = shownRows(fall.rows, folded)
  const all = foldable(fall.rows)
  return (
    <section class="card waterfall" aria-label="Spans">
      <Axis durationMs={fall.durationMs} />
      <ol
        ref={list}
        aria-label="Spans: up and down lead from row to row, left folds what is below, right opens it"
        onKeyDown={(event) => steer(event, list.current, shown, fold)}
      >
        {shown.map((one) => (
          <li key={one.row.span.span}>
            <Toggle shown={one} onFold={fold} />
            <button
              type="button"
              class={one.row.span.span === chosen ? 'span-row is-chosen' : 'span-row'}
              aria-pressed={one.row.span.span === chosen}
              onClick={() => onChoose(one.row.span.span === chosen ? null : one.row.span.span)}
            >
              <Name shown={one} nodes={fall.nodes} />
              <Bar row={one.row} colour={colourOf(fall.nodes, one.row.span.node)} />
              <span class="lasted">{formatMs(one.row.span.durationMs)}</span>
            </button>
          </li>
        ))}
      </ol>
      <div class="key muted">
        <p>
          <span class="solid" aria-hidden="true" />
          own time, which no span below explains
        </p>
        <p>
          <span class="pale" aria-hidden="true" />
          time of the spans below
        </p>
        {all.length === 0 ? null : (
          <button
            type="button"
            class="button plain"
            onClick={() => setFolded(new Set(folded.size === 0 ? all : []))}
          >
            {folded.size === 0 ? 'Fold all' : 'Open all'}
          </button>
        )}
      </div>
    </section>
  )
}

/** For a pointer; by keyboard the row itself is folded. */
function Toggle({ shown, onFold }: { readonly shown: Shown; readonly onFold: Fold }) {
  const { row, below, isFolded } = shown
  if (below === 0) return null
  return (
    <button
      type="button"
      class={isFolded ? 'fold is-folded' : 'fold'}
      style={{ left: indentOf(row) }}
      tabIndex={-1}
      aria-expanded={!isFolded}
      aria-label={`The ${below} below ${row.span.name}`}
      onClick={() => onFold(row.span.span, !isFolded)}
    >
      <Icon name="chevron" size={12} />
    </button>
  )
}

const indentOf = ({ depth }: Row): string => `${Math.min(depth, deepest) * 14}px`

function Name({ shown, nodes }: { readonly shown: Shown; readonly nodes: readonly string[] }) {
  const { row, below, isFolded, errorsFolded } = shown
  const { span, orphan } = row
  return (
    <span class="label" style={{ paddingLeft: indentOf(row) }}>
      <span class="swatch" style={{ background: colourOf(nodes, span.node) }} aria-hidden="true" />
      <span class="from-node">{span.node}</span>
      <span class="name">{span.name}</span>
      {isFolded ? (
        <span class={errorsFolded > 0 ? 'chip is-bad' : 'chip'}>
          +{below}
          <span class="sr-only"> folded</span>
          {errorsFolded > 0 ? `, ${errorsFolded} failed` : ''}
        </span>
      ) : null}
      {orphan ? <span class="chip">its parent is not kept</span> : null}
      {span.error === null ? null : (
        <span class="is-bad">
          <Icon name="failed" size={13} />
          <span class="sr-only">error</span>
        </span>
      )}
      <span class="sr-only">, begins {formatOffset(row.offsetMs)}</span>
    </span>
  )
}

/** What is between two spans that follow each other at once is no gap that anybody looks for. */
const leastOwn = 0.004

const percent = (part: number): string => `${part * 100}%`

function Bar({ row, colour }: { readonly row: Row; readonly colour: string }) {
  return (
    <span class="lane" aria-hidden="true">
      <span
        class={row.span.error === null ? 'span-bar' : 'span-bar is-error'}
        style={{ left: percent(row.left), width: percent(row.width), background: colour }}
      />
      {row.own
        .filter(({ width }) => width > leastOwn)
        .map(({ left, width }) => (
          <span
            key={left}
            class="own"
            style={{ left: percent(left), width: percent(width), background: colour }}
          />
        ))}
    </span>
  )
}

/** Round marks of milliseconds. */
function Axis({ durationMs }: { readonly durationMs: number }) {
  return (
    <div class="axis" aria-hidden="true">
      <span class="lane">
        {ticksOf(durationMs, 4).map((tick) => (
          <span key={tick} class="tick" style={{ left: percent(tick / (durationMs || 1)) }}>
            {formatMs(tick)}
          </span>
        ))}
      </span>
    </div>
  )
}
