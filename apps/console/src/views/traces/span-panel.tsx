import { formatMs, formatOffset } from '../../format/duration.ts'
import { formatClock } from '../../format/time.ts'
import { hrefOf } from '../../route.ts'
import { FieldList } from '../../ui/field-list.tsx'
import { Icon } from '../../ui/icon.tsx'
import type { Row } from './waterfall.ts'

/** Everything that a span says. */
export function SpanPanel({
  row,
  onClose,
}: {
  readonly row: Row
  readonly nodes: readonly string[]
  readonly onClose: () => void
}) {
  const { span } = row
  const end = span.at + span.durationMs
  return (
    <section class="card span-panel" aria-label={`Span ${span.name}`}>
      <header>
        <h3>{span.name}</h3>
        <button type="button" class="button plain icon" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {span.error === null ? null : (
        <p class="note bad">
          <Icon name="failed" />
          {span.error}
        </p>
      )}
      <FieldList
        fields={{
          node: span.node,
          kind: span.kind,
          begins: `${formatOffset(row.offsetMs)} (${formatClock(span.at)})`,
          took: formatMs(span.durationMs),
          'own time': formatMs(row.ownMs),
          ...span.attributes,
          span: span.span,
        }}
      />
      <p>
        <a
          href={hrefOf('logs', {
            node: span.node,
            from: Math.floor(span.at) - 1000,
            to: Math.ceil(end) + 1000,
          })}
        >
          Log lines of {span.node} at that time
        </a>
      </p>
    </section>
  )
}
